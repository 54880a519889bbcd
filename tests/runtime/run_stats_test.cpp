#include "runtime/run_stats.h"

#include <gtest/gtest.h>

namespace nachos::runtime {
namespace {

RunStats stats_of(std::initializer_list<int> left) {
    RunStats stats(static_cast<int>(left.size()));
    int exit = 0;
    for (const int count : left) {
        for (int i = 0; i < count; ++i)
            stats.add({.predicted = 0, .confidence = 0.5 + 0.1 * exit, .exit = exit, .macs = 100 * (exit + 1)});
        ++exit;
    }
    return stats;
}

TEST(RunStats, CountByHand) {
    const RunStats stats = stats_of({6, 3, 1});
    EXPECT_EQ(stats.samples(), 10);
    EXPECT_DOUBLE_EQ(stats.share(1), 0.3);
    EXPECT_DOUBLE_EQ(stats.avg_macs(), 150);
    EXPECT_NEAR(stats.mean_confidence(1), 0.6, 1e-12);
    EXPECT_EQ(RunStats(2).share(0), 0);
    EXPECT_EQ(RunStats(2).mean_confidence(1), 0);
}

// scipy.stats.chisquare([60, 30, 10], [50, 30, 20]) = 7.0, p = 0.0301973834
TEST(RunStats, ChiSquareIsThatOfTables) {
    EXPECT_NEAR(stats_of({60, 30, 10}).p_value(std::vector{0.5, 0.3, 0.2}), 0.0301973834, 1e-9);
    EXPECT_DOUBLE_EQ(stats_of({50, 30, 20}).p_value(std::vector{0.5, 0.3, 0.2}), 1);
    EXPECT_LT(stats_of({500, 300, 200}).p_value(std::vector{0.6, 0.3, 0.1}), kDriftPValue);
}

TEST(RunStats, RareExitsCountTogether) {
    // Expected 96, 2 and 2: the last two are one cell of 4. (90 - 96)^2 / 96 + (10 - 4)^2 / 4 = 9.375, one degree of
    // freedom.
    EXPECT_NEAR(stats_of({90, 8, 2}).p_value(std::vector{0.96, 0.02, 0.02}), 0.0021996, 1e-6);
    EXPECT_EQ(stats_of({9, 1}).p_value(std::vector{1.0, 0.0}), 0);  // nobody should leave there
    EXPECT_EQ(stats_of({10, 0}).p_value(std::vector{1.0, 0.0}), 1);
    EXPECT_EQ(RunStats(2).p_value(std::vector{0.5, 0.5}), 1);
}

}  // namespace
}  // namespace nachos::runtime
