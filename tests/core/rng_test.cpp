#include "core/rng.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <set>
#include <vector>

namespace nachos::core {
namespace {

std::vector<std::uint64_t> draw(Rng rng, int n) {
    std::vector<std::uint64_t> values(static_cast<std::size_t>(n));
    for (auto& v : values) v = rng.next();
    return values;
}

// Computed by a Python transcription of the published splitmix64 and xoshiro256**, itself checked against the generator's
// published vector (state 1, 2, 3, 4 gives 11520, 0, 1509978240, 1215971899390074240).
TEST(Rng, EqualsThePublishedGenerator) {
    const std::vector<std::uint64_t> seed0 = {0x99ec5f36cb75f2b4, 0xbf6e1f784956452a, 0x1a5f849d4933e6e0,
                                              0x6aa594f1262d2d2c};
    const std::vector<std::uint64_t> seed1 = {0xb3f2af6d0fc710c5, 0x853b559647364cea, 0x92f89756082a4514,
                                              0x642e1c7bc266a3a7};
    EXPECT_EQ(draw(Rng(0), 4), seed0);
    EXPECT_EQ(draw(Rng(1), 4), seed1);
}

TEST(Rng, IntegersAndRealsAreTheSameOnEveryPlatform) {
    Rng integers(7);
    std::vector<std::uint64_t> got(10);
    for (auto& v : got) v = integers.below(10);
    EXPECT_EQ(got, (std::vector<std::uint64_t>{7, 2, 8, 9, 9, 8, 0, 1, 4, 1}));
    Rng reals(7);
    EXPECT_EQ(reals.uniform(), 0.7005764821796896);
    EXPECT_EQ(reals.uniform(), 0.2787512294737843);
}

// Chi-squared with 9 degrees of freedom: 27.88 is exceeded once in a thousand seeds, and this seed is fixed.
TEST(Rng, BelowIsUniform) {
    Rng rng(3);
    std::array<int, 10> count{};
    constexpr int n = 100'000;
    for (int i = 0; i < n; ++i) ++count[rng.below(10)];
    double chi2 = 0;
    for (int c : count) chi2 += std::pow(c - n / 10.0, 2) / (n / 10.0);
    EXPECT_LT(chi2, 27.88);
}

// With n = 3 * 2^62, one draw in four falls into the part that a plain product would count twice.
TEST(Rng, BelowHasNoModuloBias) {
    Rng rng(4);
    const std::uint64_t third = std::uint64_t{1} << 62;
    std::array<int, 3> count{};
    for (int i = 0; i < 30'000; ++i) ++count[rng.below(3 * third) / third];
    for (int c : count) EXPECT_NEAR(c, 10'000, 4 * std::sqrt(30'000 * (1.0 / 3) * (2.0 / 3)));
}

TEST(Rng, BetweenReachesBothEndsAndNothingElse) {
    Rng rng(5);
    std::set<int> seen;
    for (int i = 0; i < 200; ++i) seen.insert(rng.between(-2, 3));
    EXPECT_EQ(seen, (std::set<int>{-2, -1, 0, 1, 2, 3}));
    EXPECT_EQ(rng.between(4, 4), 4);
}

TEST(Rng, NormalHasItsMoments) {
    Rng rng(6);
    constexpr int n = 200'000;
    double sum = 0, squares = 0, fourth = 0;
    for (int i = 0; i < n; ++i) {
        const double x = rng.normal();
        sum += x;
        squares += x * x;
        fourth += x * x * x * x;
    }
    EXPECT_NEAR(sum / n, 0, 4 / std::sqrt(n));            // standard error 1 / sqrt(n)
    EXPECT_NEAR(squares / n, 1, 4 * std::sqrt(2.0 / n));  // variance of x^2 is 2
    EXPECT_NEAR(fourth / n, 3, 4 * std::sqrt(96.0 / n));  // variance of x^4 is 96
}

TEST(Rng, ChanceIsNeverAtZeroAndAlwaysAtOne) {
    Rng rng(8);
    for (int i = 0; i < 100; ++i) {
        EXPECT_FALSE(rng.chance(0));
        EXPECT_TRUE(rng.chance(1));
    }
}

TEST(Rng, ShuffleGivesEveryOrderEquallyOften) {
    Rng rng(9);
    std::array<int, 27> count{};  // indexed by the order read in base 3
    constexpr int n = 60'000;
    for (int i = 0; i < n; ++i) {
        std::array<int, 3> items = {0, 1, 2};
        rng.shuffle(std::span<int>(items));
        ++count[static_cast<std::size_t>(items[0] * 9 + items[1] * 3 + items[2])];
    }
    for (int order : {5, 7, 11, 15, 19, 21})
        EXPECT_NEAR(count[static_cast<std::size_t>(order)], n / 6, 4 * std::sqrt(n / 6.0 * 5 / 6)) << order;
}

TEST(Rng, StreamDependsOnSeedNameAndIndexAlone) {
    Rng rng(10);
    const auto before = draw(rng.stream("loader", 3), 8);
    for (int i = 0; i < 5; ++i) rng.next();
    EXPECT_EQ(draw(rng.stream("loader", 3), 8), before);
    EXPECT_NE(draw(rng.stream("loader", 4), 8), before);
    EXPECT_NE(draw(rng.stream("search", 3), 8), before);
    EXPECT_NE(draw(Rng(11).stream("loader", 3), 8), before);
    EXPECT_NE(draw(Rng(10), 8), before);
}

TEST(Rng, StreamsAreUncorrelated) {
    const Rng root(12);
    constexpr int n = 50'000;
    for (std::uint64_t index = 1; index <= 4; ++index) {
        Rng a = root.stream("x", 0), b = root.stream("x", index);
        double product = 0;
        for (int i = 0; i < n; ++i) product += (a.uniform() - 0.5) * (b.uniform() - 0.5);
        EXPECT_NEAR(product / n, 0, 4 * (1.0 / 12) / std::sqrt(n)) << index;
    }
}

}  // namespace
}  // namespace nachos::core
