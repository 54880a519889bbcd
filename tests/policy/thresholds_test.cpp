#include "policy/thresholds.h"

#include "core/error.h"
#include "policy/views.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace nachos::policy {
namespace {

TEST(Apply, WorkedByHand) {
    const ExitView view{.samples = 4,
                        .exits = 3,
                        .labels = {0, 0, 1, 1},
                        .predictions = {0, 1, 1, 1, 0, 0, 0, 0, 1, 0, 1, 1},
                        .confidences = {0.9F, 0, 1, 0.1F, 0.75F, 1, 0.5F, 0.25F, 1, 0.5F, 0.75F, 1}};
    const OperatingPoint p = apply(view, {0.6, 0.75}, std::vector<double>{10, 20, 40});
    // Exits taken: 1, 2, 3, 2; right: yes, yes, yes, yes.
    EXPECT_EQ(p.accuracy, 1);
    EXPECT_EQ(p.min_class_accuracy, 1);
    EXPECT_EQ(p.avg_cost, 22.5);
    const double sd = std::sqrt((12.5 * 12.5 + 2.5 * 2.5 * 2 + 17.5 * 17.5) / 3);
    EXPECT_NEAR(p.avg_cost_upper, 22.5 + 1.6448536 * sd / 2, 1e-6);
    EXPECT_EQ(p.p95_cost, 40);
    EXPECT_EQ(p.worst_cost, 40);
    EXPECT_EQ(p.exit_share, (std::vector<double>{0.25, 0.5, 0.25}));
}

TEST(Apply, ThresholdTakesEqualConfidence) {
    const ExitView view{.samples = 1, .exits = 2, .labels = {0}, .predictions = {0, 0}, .confidences = {0.7F, 1}};
    EXPECT_EQ(exit_taken(view, 0, {static_cast<double>(0.7F)}), 0);
    EXPECT_EQ(exit_taken(view, 0, {std::nextafter(static_cast<double>(0.7F), 1.0)}), 1);
    EXPECT_EQ(exit_taken(view, 0, {std::nullopt}), 1);
}

TEST(Apply, P95IsTheSmallestCostThatCovers95Percent) {
    for (const auto& [late, expected] : {std::pair{1, 1.0}, std::pair{2, 9.0}}) {
        ExitView view{.samples = 20,
                      .exits = 2,
                      .labels = std::vector<int>(20),
                      .predictions = std::vector<int>(40),
                      .confidences = {}};
        for (int n = 0; n < 20; ++n) view.confidences.insert(view.confidences.end(), {n < late ? 0.0F : 1.0F, 1.0F});
        EXPECT_EQ(apply(view, {0.5}, std::vector<double>{1, 9}).p95_cost, expected);
    }
}

TEST(Apply, WorstCostCountsReachableExitsOnly) {
    const ExitView view{.samples = 1, .exits = 2, .labels = {0}, .predictions = {0, 0}, .confidences = {0.7F, 1}};
    EXPECT_EQ(apply(view, {0.7}, std::vector<double>{1, 2}).worst_cost, 2);
    EXPECT_EQ(apply(view, {0.0}, std::vector<double>{1, 2}).worst_cost, 1);
}

TEST(Apply, PropertiesOfRandomTables) {
    core::Rng rng(1);
    for (int trial = 0; trial < 100; ++trial) {
        const ExitView view = random_view(rng, rng.between(1, 40), 3, 10);
        const std::vector<double> cost = random_costs(rng, 3);
        const OperatingPoint p = apply(view, {rng.uniform(), rng.uniform()}, cost);
        EXPECT_NEAR(std::accumulate(p.exit_share.begin(), p.exit_share.end(), 0.0), 1, 1e-12);
        EXPECT_GE(p.avg_cost, cost.front());
        EXPECT_LE(p.avg_cost, cost.back());
        EXPECT_GE(p.avg_cost_upper, p.avg_cost);
        EXPECT_LE(p.min_class_accuracy, p.accuracy);
    }
}

TEST(InCosts, IsWhatApplyGivesWithThoseCosts) {
    core::Rng rng(11);
    for (int trial = 0; trial < 100; ++trial) {
        const ExitView view = random_view(rng, rng.between(1, 40), 3, 10);
        const std::vector<double> macs = random_costs(rng, 3), us = random_costs(rng, 3);
        const Thresholds thresholds{trial % 7 == 0 ? 0.0 : rng.uniform(), rng.uniform()};
        const OperatingPoint wanted = apply(view, thresholds, macs);
        const OperatingPoint got = in_costs(apply(view, thresholds, us), view.samples, macs);
        EXPECT_EQ(got.avg_cost, wanted.avg_cost);
        EXPECT_EQ(got.avg_cost_upper, wanted.avg_cost_upper);
        EXPECT_EQ(got.p95_cost, wanted.p95_cost);
        EXPECT_EQ(got.worst_cost, wanted.worst_cost);
        EXPECT_EQ(got.accuracy, wanted.accuracy);
        EXPECT_EQ(got.exit_share, wanted.exit_share);
    }
}

TEST(Apply, RefusesAWrongNumberOfThresholds) {
    core::Rng rng(1);
    const ExitView view = random_view(rng, 3, 3, 4);
    EXPECT_THROW(apply(view, {0.5}, std::vector<double>{1, 2, 3}), Error);
}

TEST(BestWithin, TakesTheMostAccurateThatFits) {
    core::Rng rng(2);
    for (int trial = 0; trial < 100; ++trial) {
        const ExitView view = random_view(rng, 30, 3, 6);
        const std::vector<double> cost = random_costs(rng, 3);
        const auto front = threshold_front(view, cost);
        const double budget = cost.front() + rng.uniform() * (cost.back() - cost.front());
        for (const bool bound : {false, true}) {
            const auto best = best_within(view, cost, front, budget, bound);
            double accuracy = -1;
            for (const FrontPoint& p : front) {
                const OperatingPoint applied = apply(view, p.thresholds, cost);
                if ((bound ? applied.avg_cost_upper : applied.avg_cost) <= budget) accuracy = std::max(accuracy, p.accuracy);
            }
            EXPECT_EQ(best ? best->accuracy : -1, accuracy);
        }
    }
}

TEST(BestWithin, NothingBelowTheCheapest) {
    core::Rng rng(3);
    const ExitView view = random_view(rng, 30, 2, 6);
    const std::vector<double> cost{10, 20};
    EXPECT_FALSE(best_within(view, cost, threshold_front(view, cost), 9, false));
}

/// Samples 0, 2, 4, ... are half A, 1, 3, 5, ... half B (one class). In A the exit is right whatever it says; in B it is
/// right only where its confidence is 0.9.
ExitView opposed_halves() {
    ExitView view{.samples = 40, .exits = 2, .labels = std::vector<int>(40, 0), .predictions = {}, .confidences = {}};
    for (int n = 0; n < 40; ++n) {
        const bool sure = n % 4 < 2;
        const bool right = n % 2 == 0 || sure;
        view.predictions.insert(view.predictions.end(), {right ? 0 : 1, 0});
        view.confidences.insert(view.confidences.end(), {sure ? 0.9F : 0.2F, 1.0F});
    }
    return view;
}

TEST(CrossFittedCurve, ScoresEachHalfWithTheOther) {
    const ExitView view = opposed_halves();
    const std::vector<double> cost{10, 100};
    const auto curve = cross_fitted_curve(view, cost, std::vector<double>{1000});
    ASSERT_EQ(curve.size(), 1U);
    // Fitted on A: all leave at exit 1 (right at once). Fitted on B: only 0.9 leaves. So B scored by A's thresholds leaves
    // at once and is right 10 of 20 times; A scored by B's: 10 leave, 10 go on, all right. Own halves would give 40 of 40.
    EXPECT_EQ(curve[0].point.accuracy, 30.0 / 40);
    EXPECT_EQ(curve[0].point.avg_cost, (20 * 10 + 10 * 10 + 10 * 100) / 40.0);
    EXPECT_EQ(curve[0].point.exit_share, (std::vector<double>{0.75, 0.25}));
    // Reported: fitted on all, where 0.9 is best.
    EXPECT_NEAR(*curve[0].point.thresholds[0], 0.55, 1e-6);  // between 0.2 and 0.9
}

TEST(CrossFittedCurve, ConstantExitsGiveTheirExactPoint) {
    ExitView view{.samples = 10, .exits = 1, .labels = {}, .predictions = {}, .confidences = std::vector<float>(10, 1)};
    for (int n = 0; n < 10; ++n) {
        view.labels.push_back(n % 2);
        view.predictions.push_back(0);
    }
    const auto curve = cross_fitted_curve(view, std::vector<double>{7}, std::vector<double>{5, 7, 9});
    ASSERT_EQ(curve.size(), 1U);  // 5 is not met; 9 repeats the point of 7
    EXPECT_EQ(curve[0].budget_index, 1);
    EXPECT_EQ(curve[0].point.accuracy, 0.5);
    EXPECT_EQ(curve[0].point.min_class_accuracy, 0);
    EXPECT_EQ(curve[0].point.avg_cost, 7);
    EXPECT_EQ(curve[0].point.avg_cost_upper, 7);
}

TEST(CrossFittedCurve, NoPointDominatesAnother) {
    core::Rng rng(4);
    for (int trial = 0; trial < 50; ++trial) {
        const ExitView view = random_view(rng, 60, 3, 30);
        const std::vector<double> cost = random_costs(rng, 3);
        std::vector<double> budgets;
        for (int b = 1; b <= 16; ++b) budgets.push_back(cost[0] + (cost[2] - cost[0]) * b / 16);
        const auto curve = cross_fitted_curve(view, cost, budgets);
        for (std::size_t a = 0; a < curve.size(); ++a)
            for (std::size_t b = 0; b < curve.size(); ++b)
                EXPECT_FALSE(a != b && curve[a].point.accuracy >= curve[b].point.accuracy &&
                             curve[a].point.avg_cost <= curve[b].point.avg_cost);
    }
}

TEST(Centred, LiesBetweenItsNeighboursAndDecidesAlike) {
    ExitView view{.samples = 3, .exits = 3, .labels = {0, 0, 0}, .predictions = std::vector<int>(9, 0), .confidences = {}};
    view.confidences = {0.2F, 0.5F, 1, 0.4F, 0.7F, 1, 0.6F, 0.9F, 1};
    const Thresholds moved = centred({0.4, std::nullopt}, view);
    EXPECT_NEAR(*moved[0], 0.3, 1e-7);
    EXPECT_FALSE(moved[1]);
    for (int n = 0; n < 3; ++n) EXPECT_EQ(exit_taken(view, n, moved), exit_taken(view, n, {0.4, std::nullopt}));
    EXPECT_EQ(centred({0.1, 0.95}, view), (Thresholds{0.1, 0.95}));  // nobody on one side: nothing to be between
}

}  // namespace
}  // namespace nachos::policy
