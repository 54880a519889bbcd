#include "optimize/nsga2.h"

#include "core/expect_error.h"
#include "optimize/problems.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

namespace nachos::optimize {
namespace {

const KnownProblem kInteger = enumerable_problems().at(0);
const KnownProblem kConstrained = enumerable_problems().at(1);
const std::vector<Gene> kTwoGenes{categorical_gene(4), categorical_gene(4)};

Nsga2 solved(const KnownProblem& problem, int evaluations, std::uint64_t seed) {
    return solve(problem, {.population = 20}, evaluations / 20, core::Rng(seed));
}

TEST(Nsga2, FindsTheWholeFrontOfEnumeratedProblems) {
    for (const KnownProblem& problem : {kInteger, kConstrained}) {
        const auto wanted = enumerated_front(problem);
        EXPECT_GE(wanted.size(), 20U);
        for (const std::uint64_t seed : {1, 2, 3, 4, 5}) {
            for (const auto handling : {ConstraintHandling::domination, ConstraintHandling::adaptive_penalty}) {
                const Nsga2 nsga = solve(problem, {.population = 60, .constraints = handling}, 20, core::Rng(seed));
                EXPECT_EQ(distinct_objectives(nsga.front()), wanted) << problem.name << ", seed " << seed;
                for (const Individual& i : nsga.front()) EXPECT_EQ(i.violation, 0);
            }
        }
    }
}

TEST(Nsga2, TheConstraintChangesTheFront) {
    KnownProblem free = kConstrained;
    free.evaluate = [](const Genes& genes) {
        Individual own = kConstrained.evaluate(genes);
        own.violation = 0;
        return own;
    };
    EXPECT_NE(enumerated_front(free), enumerated_front(kConstrained));
}

/// The published rates and SBX at the peers' setting. Bars: the least hypervolume of five pymoo runs.
TEST(Nsga2, ReachesPymooOnContinuousProblems) {
    const std::map<std::string, double> least{{"zdt1", 0.86742}, {"zdt2", 0.53369}, {"zdt3", 1.32519}, {"dtlz2", 0.41915}};
    for (const KnownProblem& problem : continuous_problems()) {
        const Nsga2 nsga =
            solve(problem, {.population = 100, .variation = {.crossover = Crossover::simulated_binary}}, 200, core::Rng(1));
        EXPECT_GE(hypervolume_2d(distinct_objectives(nsga.population()), problem.reference), least.at(problem.name))
            << problem.name;
    }
}

TEST(Nsga2, ViolationIsComparedBeforeObjectives) {
    const std::vector<Individual> all{{.genes = {}, .objectives = {0, 0}, .violation = 2},
                                      {.genes = {}, .objectives = {9, 9}, .violation = 0},
                                      {.genes = {}, .objectives = {5, 5}, .violation = 1},
                                      {.genes = {}, .objectives = {10, 10}, .violation = 0},
                                      {.genes = {}, .objectives = {7, 7}, .violation = 1}};
    EXPECT_EQ(constrained_ranks(all), (std::vector<int>{3, 0, 2, 1, 2}));
}

TEST(Nsga2, PenaltyByHand) {
    const std::vector<Individual> all{{.genes = {}, .objectives = {1, 8}, .violation = 0},
                                      {.genes = {}, .objectives = {2, 4}, .violation = 3},
                                      {.genes = {}, .objectives = {3, 2}, .violation = 0},
                                      {.genes = {}, .objectives = {4, 6}, .violation = 0}};
    // phi = 3/4: 0.75 f, and the second one 0.75 * 4 + 0.25 * 3 * 10.
    EXPECT_EQ(penalised(all, 10), (std::vector<Objectives>{{1, 6}, {2, 10.5}, {3, 1.5}, {4, 4.5}}));
    EXPECT_TRUE(penalised({}, 10).empty());
}

TEST(Nsga2, PenaltyIsComputedAnewForParentsAndChildrenTogether) {
    Nsga2 nsga(kTwoGenes, {.population = 2, .constraints = ConstraintHandling::adaptive_penalty, .penalty = 1},
               core::Rng(1));
    // Alone (phi = 0) the parents compare by violation only.
    nsga.tell(
        {{.genes = {0, 0}, .objectives = {1, 1}, .violation = 5}, {.genes = {0, 1}, .objectives = {1, 9}, .violation = 4}});
    EXPECT_EQ(nsga.population()[0].genes, (Genes{0, 1}));
    // Two feasible children make phi = 1/2: the parents' fitness becomes 3 and 6.5, and the first parent stays instead.
    nsga.tell({{.genes = {1, 0}, .objectives = {0, 20}, .violation = 0},
               {.genes = {1, 1}, .objectives = {9, 30}, .violation = 0}});
    EXPECT_EQ(distinct_objectives(nsga.population()), (std::vector<Objectives>{{0, 20}, {1, 1}}));
}

TEST(Nsga2, SurvivorsKeepTheirObjectives) {
    const Nsga2 nsga = solved(kInteger, 200, 4);
    EXPECT_EQ(nsga.population().size(), 20U);
    for (const Individual& i : nsga.population()) EXPECT_EQ(i.objectives, kInteger.evaluate(i.genes).objectives);
}

TEST(Nsga2, AsksNothingTwiceAndEndsWithTheSpace) {
    Nsga2 nsga({categorical_gene(2), integer_gene(-1, 1), categorical_gene(2)}, {.population = 4}, core::Rng(5));
    std::set<Genes> asked;
    for (int round = 0; round < 20; ++round) {
        std::vector<Individual> results;
        for (const Genes& g : nsga.ask(3)) {
            EXPECT_TRUE(asked.insert(g).second);
            results.push_back({.genes = g, .objectives = {g[0] + g[1], g[2]}, .violation = 0});
        }
        nsga.tell(results);
    }
    EXPECT_EQ(asked.size(), 12U);
    EXPECT_TRUE(nsga.ask(1).empty());
}

TEST(Nsga2, RepairIsAppliedBeforeDuplicatesAreRemoved) {
    const auto even = [](Genes g) {
        for (double& v : g) v -= std::fmod(v, 2);
        return g;
    };
    Nsga2 nsga(kTwoGenes, {}, core::Rng(6), even);
    const auto asked = nsga.ask(100);
    EXPECT_EQ(asked.size(), 4U);
    for (const Genes& g : asked) EXPECT_EQ(even(g), g);
}

TEST(Nsga2, SameSeedSameResult) {
    const auto genes_of = [](const Nsga2& nsga) {
        std::vector<Genes> all;
        for (const Individual& i : nsga.population()) all.push_back(i.genes);
        return all;
    };
    EXPECT_EQ(genes_of(solved(kInteger, 100, 7)), genes_of(solved(kInteger, 100, 7)));
    EXPECT_NE(genes_of(solved(kInteger, 100, 7)), genes_of(solved(kInteger, 100, 8)));
}

TEST(Nsga2, RefusesWhatMakesNoSense) {
    test::expect_error(ErrorKind::usage, {"at least one value"}, [] { Nsga2({categorical_gene(0)}, {}, core::Rng(1)); });
    test::expect_error(ErrorKind::usage, {"population is 1"}, [] { Nsga2(kTwoGenes, {.population = 1}, core::Rng(1)); });
    test::expect_error(ErrorKind::usage, {"crossover or mutation is 1.5"},
                       [] { Nsga2(kTwoGenes, {.variation = {.crossover_rate = 1.5}}, core::Rng(1)); });
    test::expect_error(ErrorKind::usage, {"penalty is -1"}, [] { Nsga2(kTwoGenes, {.penalty = -1}, core::Rng(1)); });
}

}  // namespace
}  // namespace nachos::optimize
