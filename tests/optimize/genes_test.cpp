#include "optimize/genes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace nachos::optimize {
namespace {

const std::vector<Gene> kMixed{categorical_gene(5), integer_gene(-2, 3), categorical_gene(1), real_gene(-1, 2)};

bool within(const std::vector<Gene>& genes, const Genes& values) {
    for (std::size_t g = 0; g < genes.size(); ++g) {
        if (values[g] < genes[g].low || values[g] > genes[g].high) return false;
        if (genes[g].kind != GeneKind::real && values[g] != std::round(values[g])) return false;
    }
    return true;
}

TEST(Genes, RandomOnesReachEveryValue) {
    core::Rng rng(1);
    std::map<double, int> categorical, integer;
    for (int draw = 0; draw < 6000; ++draw) {
        const Genes genes = random_genes(kMixed, rng);
        ASSERT_TRUE(within(kMixed, genes));
        ++categorical[genes[0]];
        ++integer[genes[1]];
    }
    for (int v = 0; v <= 4; ++v) EXPECT_NEAR(categorical[v], 1200, 125);  // 4 sigma
    for (int v = -2; v <= 3; ++v) EXPECT_NEAR(integer[v], 1000, 116);
}

TEST(Variation, MutationReachesEveryOtherValueOfACategoricalGeneAlike) {
    const Variation variation(kMixed, {.mutation_rate = 1});
    core::Rng rng(2);
    constexpr int kRuns = 8000;
    for (int from = 0; from <= 4; ++from) {
        std::map<double, int> counts;
        for (int run = 0; run < kRuns; ++run) {
            Genes genes{static_cast<double>(from), 0, 0, 0};
            variation.mutate(genes, rng);
            ++counts[genes[0]];
            EXPECT_EQ(genes[2], 0);
        }
        for (int v = 0; v <= 4; ++v) EXPECT_NEAR(counts[v], v == from ? 0 : kRuns / 4, v == from ? 0 : 160);  // 4 sigma
    }
}

TEST(Variation, MutationOfAnIntegerReachesEveryOtherValueAndPrefersNeighbours) {
    const Variation variation(kMixed, {.mutation_rate = 1});
    core::Rng rng(3);
    constexpr int kRuns = 10000;
    for (int from = -2; from <= 3; ++from) {
        std::map<double, int> counts;
        for (int run = 0; run < kRuns; ++run) {
            Genes genes{0, static_cast<double>(from), 0, 0};
            variation.mutate(genes, rng);
            ++counts[genes[1]];
        }
        const int neighbours = from == -2 || from == 3 ? 1 : 2;
        for (int v = -2; v <= 3; ++v) {
            const double share = v == from ? 0 : 0.5 / 5 + (std::abs(v - from) == 1 ? 0.5 / neighbours : 0);
            EXPECT_NEAR(counts[v], kRuns * share, 4 * std::sqrt(kRuns * share * (1 - share))) << from << " to " << v;
        }
    }
}

TEST(Variation, PolynomialMutationStaysInRangeAndHasThePublishedSpread) {
    const Variation variation({real_gene(0, 1)}, {.mutation_rate = 1, .mutation_spread = 20});
    core::Rng rng(4);
    double sum = 0;
    constexpr int kRuns = 20000;
    for (int run = 0; run < kRuns; ++run) {
        Genes genes{0.5};
        variation.mutate(genes, rng);
        ASSERT_TRUE(genes[0] >= 0 && genes[0] <= 1);
        sum += std::abs(genes[0] - 0.5);
    }
    // Without the bounds' effect (2^-21) a step's size has mean 1 / (spread + 2), each way.
    EXPECT_NEAR(sum / kRuns, 1.0 / 22, 4 * (1.0 / 22) / std::sqrt(kRuns));
    for (const double end : {0.0, 1.0}) {
        Genes genes{end};
        variation.mutate(genes, rng);
        EXPECT_TRUE(genes[0] >= 0 && genes[0] <= 1);
    }
}

TEST(Variation, TwoPointCrossoverTakesOneStretchOfTheOtherParent) {
    const Variation variation(std::vector<Gene>(6, categorical_gene(2)), {.crossover_rate = 1});
    core::Rng rng(5);
    std::map<Genes, int> children;
    for (int run = 0; run < 1000; ++run) {
        Genes genes(6, 0);
        variation.cross(genes, Genes(6, 1), rng);
        ++children[genes];
    }
    EXPECT_EQ(children.size(), 22U);  // stretches of 6: 21, and none
    for (const auto& [child, count] : children) {
        int changes = 0;
        for (std::size_t i = 1; i < 6; ++i) changes += child[i] != child[i - 1] ? 1 : 0;
        EXPECT_LE(changes, 2);
    }
}

TEST(Variation, UniformCrossoverTakesEachGeneOfEitherParent) {
    const Variation variation(std::vector<Gene>(4, categorical_gene(2)), {.crossover = Crossover::uniform});
    core::Rng rng(6);
    std::map<Genes, int> children;
    for (int run = 0; run < 16000; ++run) {
        Genes genes(4, 0);
        variation.cross(genes, Genes(4, 1), rng);
        ++children[genes];
    }
    EXPECT_EQ(children.size(), 16U);
    for (const auto& [child, count] : children) EXPECT_NEAR(count, 1000, 125);
}

TEST(Variation, SimulatedBinaryCrossoverKeepsTheParentsMeanAndTheRanges) {
    const Variation variation(kMixed, {.crossover = Crossover::simulated_binary});
    core::Rng rng(7);
    double sum = 0;
    constexpr int kRuns = 20000;
    for (int run = 0; run < kRuns; ++run) {
        Genes genes{0, -2, 0, 0.3};
        variation.cross(genes, {4, 3, 0, 0.7}, rng);
        ASSERT_TRUE(within(kMixed, genes));
        EXPECT_TRUE(genes[0] == 0 || genes[0] == 4);
        sum += genes[3];
    }
    EXPECT_NEAR(sum / kRuns, 0.4, 0.005);  // half the children cross, around 0.5; the others keep 0.3
}

TEST(Variation, ChildrenOfEqualParentsWithoutMutationAreTheirEqual) {
    for (const Crossover c : {Crossover::two_point, Crossover::uniform, Crossover::simulated_binary}) {
        const Variation variation(kMixed, {.crossover = c, .mutation_rate = 1e-300});
        core::Rng rng(8);
        const Genes parent{3, -1, 0, 0.25};
        EXPECT_EQ(variation.child(parent, parent, rng), parent);
    }
}

}  // namespace
}  // namespace nachos::optimize
