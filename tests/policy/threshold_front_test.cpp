#include "core/expect_error.h"
#include "policy/thresholds.h"
#include "policy/views.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace nachos::policy {
namespace {

/// (average cost, accuracy) of the points that no other beats, cheapest first.
std::vector<std::pair<double, double>> brute_front(const ExitView& view, std::span<const double> cost) {
    const auto points = every_point(view, cost);
    std::set<std::pair<double, double>> front;
    for (const auto& a : points) {
        const bool beaten = std::any_of(points.begin(), points.end(), [&](const auto& b) { return beats(b, a); });
        if (!beaten) front.emplace(a.avg_cost, a.accuracy);
    }
    return {front.begin(), front.end()};
}

std::vector<std::pair<double, double>> figures(const std::vector<FrontPoint>& front) {
    std::vector<std::pair<double, double>> all;
    for (const FrontPoint& p : front) all.emplace_back(p.avg_cost, p.accuracy);
    return all;
}

void expect_applies(const ExitView& view, std::span<const double> cost, const std::vector<FrontPoint>& front) {
    for (const FrontPoint& p : front) {
        const OperatingPoint applied = apply(view, p.thresholds, cost);
        EXPECT_EQ(applied.accuracy, p.accuracy);
        EXPECT_EQ(applied.avg_cost, p.avg_cost);
    }
}

TEST(ThresholdFront, EqualsBruteForceOnRandomTables) {
    core::Rng rng(1);
    for (int trial = 0; trial < 400; ++trial) {
        const int exits = rng.between(1, 4);
        const ExitView view = random_view(rng, rng.between(1, 14), exits, rng.between(1, 8));
        std::vector<double> cost = random_costs(rng, exits);
        if (trial % 2 == 1)
            for (double& c : cost) c /= 7;  // costs that are no whole numbers
        const auto front = threshold_front(view, cost);
        EXPECT_EQ(figures(front), brute_front(view, cost)) << "trial " << trial;
        expect_applies(view, cost, front);
    }
}

TEST(ThresholdFront, CoarseGridIsRefinedAndAppliesExactly) {
    core::Rng rng(2);
    for (int trial = 0; trial < 50; ++trial) {
        const int exits = rng.between(2, 6);
        const ExitView view = random_view(rng, 300, exits, 1000);
        const std::vector<double> cost = random_costs(rng, exits);
        const auto front = threshold_front(view, cost, {.grid = 64});
        expect_applies(view, cost, front);
        for (std::size_t p = 1; p < front.size(); ++p) {
            EXPECT_GT(front[p].avg_cost, front[p - 1].avg_cost);
            EXPECT_GT(front[p].accuracy, front[p - 1].accuracy);
        }
    }
}

TEST(ThresholdFront, OneFreeThresholdIsOptimalEvenFromACoarseGrid) {
    core::Rng rng(3);
    for (int trial = 0; trial < 50; ++trial) {
        const ExitView view = random_view(rng, 60, 2, 40);
        const std::vector<double> cost = random_costs(rng, 2);
        const auto exact = threshold_front(view, cost);
        const auto coarse = threshold_front(view, cost, {.grid = 4});
        EXPECT_EQ(figures(exact), brute_front(view, cost));
        EXPECT_EQ(coarse.front().avg_cost, exact.front().avg_cost);
        EXPECT_GE(coarse.back().accuracy, apply(view, {std::nullopt}, cost).accuracy);
    }
}

TEST(ThresholdFront, WorkedByHand) {
    // Four samples, one early exit: right at the exit and sure, right and unsure, wrong and unsure, wrong and sure.
    const ExitView view{.samples = 4,
                        .exits = 2,
                        .labels = {0, 0, 0, 0},
                        .predictions = {0, 0, 0, 1, 1, 0, 1, 1},
                        .confidences = {0.9F, 1, 0.4F, 1, 0.4F, 1, 0.8F, 1}};
    const std::vector<double> cost{10, 30};
    const auto front = threshold_front(view, cost);
    // All leave: 2 right at 10. Those from 0.8: 1 + 0 right, then 0 + 1: 2 right at 20, dominated. From 0.9: 1 + (0, 1, 0)
    // = 2.
    ASSERT_EQ(front.size(), 1U);
    EXPECT_EQ(front[0].avg_cost, 10);
    EXPECT_EQ(front[0].accuracy, 0.5);
    EXPECT_EQ(*front[0].thresholds[0], static_cast<double>(0.4F));
}

TEST(ThresholdFront, TiesLeaveTogether) {
    // Both samples have confidence 0.5: no threshold divides them.
    const ExitView view{
        .samples = 2, .exits = 2, .labels = {0, 0}, .predictions = {0, 0, 1, 0}, .confidences = {0.5F, 1, 0.5F, 1}};
    const auto front = threshold_front(view, std::vector<double>{1, 2});
    EXPECT_EQ(figures(front), (std::vector<std::pair<double, double>>{{1, 0.5}, {2, 1}}));
    EXPECT_FALSE(front[1].thresholds[0].has_value());
}

TEST(ThresholdFront, ManyExitsStayWithinTheGrid) {
    core::Rng rng(4);
    const ExitView view = random_view(rng, 40, 30, 100);
    const std::vector<double> cost = random_costs(rng, 30);
    const auto front = threshold_front(view, cost);
    EXPECT_FALSE(front.empty());
    expect_applies(view, cost, front);
}

TEST(ThresholdFront, SameInputSameFront) {
    core::Rng rng(5);
    const ExitView view = random_view(rng, 500, 4, 100000);
    const std::vector<double> cost = random_costs(rng, 4);
    const auto a = threshold_front(view, cost);
    const auto b = threshold_front(view, cost);
    ASSERT_EQ(figures(a), figures(b));
    for (std::size_t p = 0; p < a.size(); ++p) EXPECT_EQ(a[p].thresholds, b[p].thresholds);
}

TEST(ThresholdFront, RefusesWhatItCannotCompare) {
    core::Rng rng(6);
    ExitView view = random_view(rng, 3, 2, 4);
    EXPECT_THROW(threshold_front(view, std::vector<double>{1}), Error);
    EXPECT_THROW(threshold_front(view, std::vector<double>{2, 1}), Error);
    EXPECT_THROW(threshold_front(view, std::vector<double>{0, 1}), Error);
    view.confidences[2] = std::nanf("");
    test::expect_error(ErrorKind::bad_data, {"sample 2", "exit 1", "not a finite number"}, [&] {
        threshold_front(view, std::vector<double>{1, 2});
    });
    EXPECT_THROW(threshold_front(ExitView{}, {}), Error);
}

}  // namespace
}  // namespace nachos::policy
