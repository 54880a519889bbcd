#include "policy/best_vector.h"

#include "core/expect_error.h"
#include "policy/threshold_grid.h"
#include "policy/views.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

namespace nachos::policy {
namespace {

double excess(double got, const std::optional<double>& allowed, double sign) {
    return allowed && sign * (got - *allowed) > 0 ? std::abs(got - *allowed) / *allowed : 0;
}

/// How much the point breaks the limits; with a confidence it must be 0.95.
double violation(const OperatingPoint& p, const ThresholdLimits& limits) {
    return excess(limits.confidence ? p.avg_cost_upper : p.avg_cost, limits.max_avg_cost, 1) +
           excess(p.p95_cost, limits.max_p95_cost, 1) + excess(p.accuracy, limits.min_accuracy, -1) +
           excess(p.min_class_accuracy, limits.min_class_accuracy, -1);
}

/// What the best has least of: violation, then the two criteria.
std::tuple<double, double, double> key(const OperatingPoint& p, const ThresholdLimits& limits) {
    const bool cheapest = !limits.max_avg_cost && !limits.max_p95_cost && (limits.min_accuracy || limits.min_class_accuracy);
    return cheapest ? std::tuple(violation(p, limits), p.avg_cost, -p.accuracy)
                    : std::tuple(violation(p, limits), -p.accuracy, p.avg_cost);
}

OperatingPoint best_of(const std::vector<OperatingPoint>& points, const ThresholdLimits& limits) {
    return *std::min_element(points.begin(), points.end(),
                             [&](const auto& a, const auto& b) { return key(a, limits) < key(b, limits); });
}

/// Each limit is there or not; where it lies is drawn so that some of them cannot be met.
ThresholdLimits random_limits(core::Rng& rng, std::span<const double> cost) {
    ThresholdLimits limits;
    const auto draw_cost = [&] { return cost.front() * 0.9 + rng.uniform() * (cost.back() - 0.9 * cost.front()); };
    if (rng.chance(0.5)) limits.max_avg_cost = draw_cost();
    if (rng.chance(0.3)) limits.max_p95_cost = rng.chance(0.5) ? draw_cost() : cost[rng.below(cost.size())];
    if (rng.chance(0.4)) limits.min_accuracy = rng.between(0, 8) / 10.0;
    if (rng.chance(0.4)) limits.min_class_accuracy = rng.between(0, 5) / 10.0;
    if (rng.chance(0.3)) limits.confidence = 0.95;
    return limits;
}

TEST(BestVector, EqualsBruteForceOnRandomTables) {
    core::Rng rng(1);
    int admissible = 0;
    for (int trial = 0; trial < 1000; ++trial) {
        const int exits = rng.between(2, 4);
        const int most_rows = exits == 4 ? 9 : 14;
        const int classes = trial % 4 == 0 ? 12 : 3;
        const ExitView view = random_view(rng, rng.between(1, most_rows), exits, rng.between(1, 8), classes);
        const std::vector<double> cost = random_costs(rng, exits);
        const ThresholdLimits limits = random_limits(rng, cost);
        const BestVector best = best_vector(view, cost, limits);
        const OperatingPoint brute = best_of(every_point(view, cost), limits);
        const double broken = violation(brute, limits);
        ASSERT_NEAR(violation(best.point, limits), broken, 1e-12) << "trial " << trial;
        ASSERT_EQ(best.broken.empty(), broken == 0) << "trial " << trial;
        if (broken > 0) continue;  // sums that differ in the last bit may choose another of the nearest
        ++admissible;
        ASSERT_EQ(best.point.accuracy, brute.accuracy) << "trial " << trial;
        ASSERT_EQ(best.point.avg_cost, brute.avg_cost) << "trial " << trial;
    }
    EXPECT_GT(admissible, 400);
    EXPECT_LT(admissible, 950);
}

TEST(BestVector, CoarseGridHoldsItsLimitsAndIsNeverBelowItsFront) {
    core::Rng rng(2);
    for (int trial = 0; trial < 60; ++trial) {
        const int exits = rng.between(2, 5);
        const ExitView view = random_view(rng, 300, exits, 1000);
        const std::vector<double> cost = random_costs(rng, exits);
        const ThresholdLimits limits = random_limits(rng, cost);
        const Tuning tuning = tune(view, cost, limits, {.grid = 64});
        EXPECT_EQ(tuning.best.broken.empty(), violation(tuning.best.point, limits) == 0);
        for (const FrontPoint& p : tuning.front) {
            const OperatingPoint at = apply(view, p.thresholds, cost);
            EXPECT_EQ(at.exit_share, p.exit_share);
            if (violation(at, limits) > 0) continue;
            EXPECT_TRUE(tuning.best.broken.empty());
            EXPECT_FALSE(beats(at, tuning.best.point)) << "trial " << trial;
        }
    }
}

TEST(BestVector, IsNeverBelowAnyVectorOfACoarseGrid) {
    core::Rng rng(7);
    int admissible = 0;
    for (int trial = 0; trial < 120; ++trial) {
        const int exits = rng.between(2, 5);
        const ExitView view = realistic_view(static_cast<std::uint64_t>(trial), 300, exits);
        const std::vector<double> cost = random_costs(rng, exits);
        const ThresholdLimits limits{.max_avg_cost = cost.front() + rng.uniform() * (cost.back() - cost.front()),
                                     .max_p95_cost = cost[static_cast<std::size_t>(exits) - (rng.chance(0.8) ? 1 : 2)],
                                     .min_class_accuracy = 0.2 + 0.6 * rng.uniform(),
                                     .confidence = 0.95};
        const RankedTable table = ranked(view, cost);
        const RankLists ranks = all_candidates(table, 200);
        const Grid grid(table, ranks);
        std::vector<OperatingPoint> points;
        for (std::size_t cell = 0; cell < grid.cells(); ++cell)
            points.push_back(apply(view, thresholds_of(table, grid.candidate(cell)), cost));
        const OperatingPoint brute = best_of(points, limits);
        const OperatingPoint best = best_vector(view, cost, limits, {.grid = 200}).point;
        EXPECT_LE(violation(best, limits), violation(brute, limits) + 1e-12) << "trial " << trial;
        if (violation(brute, limits) > 0) continue;
        ++admissible;
        EXPECT_LE(key(best, limits), key(brute, limits)) << "trial " << trial;
    }
    EXPECT_GT(admissible, 30);
    EXPECT_LT(admissible, 100);
}

TEST(BestVector, ManyClassesTakeASmallerGrid) {
    core::Rng rng(3);
    const ExitView view = random_view(rng, 4000, 3, 100000, 300);
    const std::vector<double> cost{10, 20, 30};
    const BestVector best = best_vector(view, cost, {.max_avg_cost = 25, .min_class_accuracy = 0});
    EXPECT_TRUE(best.broken.empty());
    EXPECT_GE(best.point.accuracy, 0.95 * best_vector(view, cost, {.max_avg_cost = 25}).point.accuracy);
}

TEST(BestVector, WhatHasNoChoice) {
    ExitView view{.samples = 1, .exits = 1, .labels = {7}, .predictions = {7}, .confidences = {1}};
    const std::vector<double> one{10};
    const Tuning tuning = tune(view, one, {.max_avg_cost = 10, .min_class_accuracy = 1});
    ASSERT_EQ(tuning.front.size(), 1U);
    EXPECT_TRUE(tuning.front[0].thresholds.empty());
    EXPECT_EQ(tuning.front[0].exit_share, std::vector<double>{1});
    EXPECT_TRUE(tuning.best.broken.empty());
    const auto broken = best_vector(view, one, {.max_avg_cost = 8, .max_p95_cost = 5}).broken;
    ASSERT_EQ(broken.size(), 2U);
    EXPECT_EQ(broken[0].limit, "max_avg_cost");
    EXPECT_EQ(broken[0].got, 10);
    EXPECT_EQ(broken[1].limit, "max_p95_cost");
    EXPECT_EQ(broken[1].allowed, 5);
}

TEST(BestVector, AConfidenceAsksForTheBound) {
    core::Rng rng(4);
    const ExitView view = random_view(rng, 200, 3, 50);
    const std::vector<double> cost{10, 20, 40};
    const auto at = [&](double confidence) {
        return best_vector(view, cost, {.max_avg_cost = 20, .confidence = confidence}).point;
    };
    EXPECT_LE(at(0.95).avg_cost_upper, 20);
    EXPECT_LE(at(0.99).avg_cost, at(0.5).avg_cost);
    EXPECT_EQ(at(0.5).accuracy, best_vector(view, cost, {.max_avg_cost = 20}).point.accuracy);
}

TEST(BestVector, RefusesLimitsOutOfRange) {
    const ExitView view{.samples = 1, .exits = 1, .labels = {0}, .predictions = {0}, .confidences = {1}};
    const std::vector<double> cost{1};
    test::expect_error(ErrorKind::usage, {"max_avg_cost", "0", "above 0"},
                       [&] { best_vector(view, cost, {.max_avg_cost = 0}); });
    test::expect_error(ErrorKind::usage, {"min_accuracy", "1.5", "0 to 1"},
                       [&] { best_vector(view, cost, {.min_accuracy = 1.5}); });
    test::expect_error(ErrorKind::usage, {"confidence", "0.5 to below 1"},
                       [&] { best_vector(view, cost, {.confidence = 1}); });
}

TEST(BestVector, TheBoundHoldsOnUnseenHalves) {
    const ExitView view = realistic_view(5, 10000, 4);
    const std::vector<double> cost{1e5, 2.1e5, 3.5e5, 5e5};
    const double limit = 2.2e5;
    core::Rng rng(6);
    std::vector<int> rows(static_cast<std::size_t>(view.samples));
    for (std::size_t n = 0; n < rows.size(); ++n) rows[n] = static_cast<int>(n);
    int held = 0;
    double least = std::numeric_limits<double>::infinity();
    for (int split = 0; split < 100; ++split) {
        rng.shuffle(std::span(rows));
        const auto half = rows.begin() + view.samples / 2;
        const ExitView fit = select(view, {rows.begin(), half});
        const BestVector best = best_vector(fit, cost, {.max_avg_cost = limit, .confidence = 0.95}, {.grid = 1 << 15});
        ASSERT_TRUE(best.broken.empty());
        const OperatingPoint unseen = apply(select(view, {half, rows.end()}), best.point.thresholds, cost);
        held += unseen.avg_cost <= 1.01 * limit ? 1 : 0;
        least = std::min(least, unseen.avg_cost);
    }
    RecordProperty("held", held);
    EXPECT_GE(held, 95);
    EXPECT_GT(least, 0.9 * limit);  // the budget is spent
}

}  // namespace
}  // namespace nachos::policy
