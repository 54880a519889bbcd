#include "optimize/nsga2.h"

#include "core/expect_error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace nachos::optimize {
namespace {

using Evaluate = std::function<Individual(const Genes&)>;

/// Two objectives that pull apart: f1 falls with every gene but one, f2 grows with them unevenly.
Individual trade_off(const Genes& g) {
    const double sum = g[0] + g[1] + g[2] + g[3];
    const double price = 2.0 * g[0] + 3.0 * g[1] + 1.0 * g[2] * g[2] + 0.5 * g[3] + 4.0 * g[4];
    return {.genes = g, .objectives = {30 - sum - 0.25 * g[2], price}, .violation = 0};
}

/// The same, where the genes must add up to at least 6.
Individual constrained(const Genes& g) {
    Individual i = trade_off(g);
    i.violation = std::max(0, 6 - (g[0] + g[1] + g[2] + g[3] + g[4]));
    return i;
}

const std::vector<int> kCardinality{6, 4, 6, 5, 4};

std::set<Objectives> enumerated_front(const Evaluate& evaluate) {
    std::vector<Individual> all;
    Genes g(kCardinality.size(), 0);
    for (std::size_t k = 0; k < g.size();) {
        all.push_back(evaluate(g));
        for (k = 0; k < g.size() && ++g[k] == kCardinality[k]; ++k) g[k] = 0;
    }
    std::set<Objectives> front;
    const auto ranks = constrained_ranks(all);
    for (std::size_t i = 0; i < all.size(); ++i)
        if (ranks[i] == 0) front.insert(all[i].objectives);
    return front;
}

std::vector<Individual> evaluated(const std::vector<Genes>& asked, const Evaluate& evaluate) {
    std::vector<Individual> results;
    for (const Genes& g : asked) results.push_back(evaluate(g));
    return results;
}

Nsga2 solved(const Evaluate& evaluate, int evaluations, std::uint64_t seed) {
    Nsga2 nsga(kCardinality, {.population = 60}, core::Rng(seed));
    for (int done = 0; done < evaluations; done += 20) nsga.tell(evaluated(nsga.ask(20), evaluate));
    return nsga;
}

std::set<Objectives> objectives_of(const std::vector<Individual>& individuals) {
    std::set<Objectives> all;
    for (const Individual& i : individuals) all.insert(i.objectives);
    return all;
}

TEST(Nsga2, FindsTheWholeFrontOfAnEnumeratedProblem) {
    const auto wanted = enumerated_front(trade_off);
    EXPECT_GT(wanted.size(), 10U);
    for (const std::uint64_t seed : {1, 2, 3, 4, 5}) EXPECT_EQ(objectives_of(solved(trade_off, 1000, seed).front()), wanted);
}

TEST(Nsga2, FindsTheWholeConstrainedFront) {
    const auto wanted = enumerated_front(constrained);
    EXPECT_NE(wanted, enumerated_front(trade_off));
    for (const std::uint64_t seed : {1, 2, 3, 4, 5}) {
        const auto front = solved(constrained, 1000, seed).front();
        EXPECT_EQ(objectives_of(front), wanted);
        for (const Individual& i : front) EXPECT_EQ(i.violation, 0);
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

TEST(Nsga2, SurvivorsKeepTheirObjectives) {
    const Nsga2 nsga = solved(trade_off, 200, 4);
    EXPECT_EQ(nsga.population().size(), 60U);
    for (const Individual& i : nsga.population()) EXPECT_EQ(i.objectives, trade_off(i.genes).objectives);
}

TEST(Nsga2, MutationReachesEveryOtherValueAlike) {
    const std::vector<int> cardinality{5, 3, 1};
    std::map<std::pair<int, int>, int> counts;
    constexpr int kRuns = 8000;
    for (int run = 0; run < kRuns; ++run) {
        Nsga2 nsga(cardinality, {.crossover = 0, .mutation = 1}, core::Rng(static_cast<std::uint64_t>(run)));
        const std::vector<Individual> parent{{.genes = {2, 0, 0}, .objectives = {0, 0}, .violation = 0}};
        nsga.tell(parent);
        const Genes child = nsga.ask(1).at(0);
        for (int g = 0; g < 3; ++g) ++counts[{g, child[static_cast<std::size_t>(g)]}];
    }
    for (const int value : {0, 1, 3, 4}) EXPECT_NEAR(counts[std::pair(0, value)], kRuns / 4, 160) << value;  // 4 sigma
    for (const int value : {1, 2}) EXPECT_NEAR(counts[std::pair(1, value)], kRuns / 2, 180) << value;
    EXPECT_EQ(counts[std::pair(0, 2)] + counts[std::pair(1, 0)], 0);
    EXPECT_EQ(counts[std::pair(2, 0)], kRuns);
}

TEST(Nsga2, CrossoverTakesOneStretchOfTheOtherParent) {
    Nsga2 nsga(std::vector<int>(6, 2), {.crossover = 1, .mutation = 1e-12}, core::Rng(1));
    nsga.tell(std::vector<Individual>{{.genes = {0, 0, 0, 0, 0, 0}, .objectives = {0, 1}, .violation = 0},
                                      {.genes = {1, 1, 1, 1, 1, 1}, .objectives = {1, 0}, .violation = 0}});
    const auto children = nsga.ask(100);
    // Strings with one stretch of the other parent, not all of it: 20 each way, of which 10 (a stretch at an end) are the
    // same.
    EXPECT_EQ(children.size(), 30U);
    for (const Genes& c : children) {
        int changes = 0;
        for (std::size_t i = 1; i < c.size(); ++i) changes += c[i] != c[i - 1];
        EXPECT_LE(changes, 2);
    }
}

TEST(Nsga2, AsksNothingTwiceAndEndsWithTheSpace) {
    Nsga2 nsga({2, 3, 2}, {.population = 4}, core::Rng(5));
    std::set<Genes> asked;
    for (int round = 0; round < 20; ++round) {
        const auto children = nsga.ask(3);
        for (const Genes& g : children) EXPECT_TRUE(asked.insert(g).second);
        nsga.tell(evaluated(children, [](const Genes& g) {
            return Individual{.genes = g, .objectives = {1.0 * g[0] + g[1], 1.0 * g[2]}, .violation = 0};
        }));
    }
    EXPECT_EQ(asked.size(), 12U);
    EXPECT_TRUE(nsga.ask(1).empty());
}

TEST(Nsga2, RepairIsAppliedBeforeDuplicatesAreRemoved) {
    const auto even = [](Genes g) {
        for (int& v : g) v -= v % 2;
        return g;
    };
    Nsga2 nsga({4, 4}, {}, core::Rng(6), even);
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
    EXPECT_EQ(genes_of(solved(trade_off, 100, 7)), genes_of(solved(trade_off, 100, 7)));
    EXPECT_NE(genes_of(solved(trade_off, 100, 7)), genes_of(solved(trade_off, 100, 8)));
}

TEST(Nsga2, RefusesEmptyGenes) {
    test::expect_error(ErrorKind::usage, {"at least one value"}, [] { Nsga2({2, 0}, {}, core::Rng(1)); });
    test::expect_error(ErrorKind::usage, {"population is 1"}, [] { Nsga2({2}, {.population = 1}, core::Rng(1)); });
}

}  // namespace
}  // namespace nachos::optimize
