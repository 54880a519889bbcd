#include "search/archive.h"

#include "core/rng.h"
#include "search/fake.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace nachos::search {
namespace {

study::CurvePoint point(double accuracy, double avg_cost) {
    study::CurvePoint p;
    p.point.accuracy = accuracy;
    p.point.min_class_accuracy = accuracy;
    p.point.avg_cost = avg_cost;
    p.point.p95_cost = avg_cost;
    return p;
}

study::Evaluation evaluation(std::vector<study::CurvePoint> curve, std::int64_t worst = 1000) {
    study::Evaluation e;
    e.costs.executed_macs = {1, worst};
    e.curve = std::move(curve);
    return e;
}

study::Limits accuracy_limit(double least) {
    study::Limits limits;
    limits.min_accuracy = least;
    return limits;
}

TEST(Axes, FromTheSpaceAndTheLimits) {
    FakeTask task = wide_task();
    const auto costs = [&](const arch::ArchSpec& spec) { return exact_costs(task.space, spec); };
    const auto smallest = static_cast<double>(costs(task.space.smallest()).executed_macs.back());
    const auto largest = static_cast<double>(costs(task.space.largest()).executed_macs.back());
    const HypervolumeAxes plain = axes_of(task.space, {}, costs);
    EXPECT_EQ(plain.min_cost, smallest);
    EXPECT_EQ(plain.max_cost, largest);
    EXPECT_DOUBLE_EQ(plain.max_error, 0.9);
    study::Limits limits;
    limits.max_avg_macs = 3e6;
    limits.min_accuracy = 0.75;
    const HypervolumeAxes limited = axes_of(task.space, limits, costs);
    EXPECT_EQ(limited.min_cost, smallest);
    EXPECT_EQ(limited.max_cost, 3e6);
    EXPECT_DOUBLE_EQ(limited.max_error, 0.25);
}

TEST(Axes, LimitBelowTheSmallestArchitectureKeepsBudgetsAscending) {
    FakeTask task = wide_task();
    const auto costs = [&](const arch::ArchSpec& spec) { return exact_costs(task.space, spec); };
    study::Limits limits;
    limits.max_avg_macs = 0.9 * static_cast<double>(costs(task.space.smallest()).executed_macs.back());
    limits.min_accuracy = 1;
    const HypervolumeAxes axes = axes_of(task.space, limits, costs);
    EXPECT_EQ(axes.min_cost, *limits.max_avg_macs / 2);
    EXPECT_GT(axes.max_error, 0);
    const auto budgets = budget_grid(axes);
    EXPECT_TRUE(std::is_sorted(budgets.begin(), budgets.end()));
    EXPECT_GT(budgets.front(), 0);
    EXPECT_EQ(budgets.back(), *limits.max_avg_macs);
}

TEST(BudgetGrid, IsLogSpacedUpToTheEnd) {
    const auto budgets = budget_grid({.min_cost = 10, .max_cost = 160, .max_error = 1}, 4);
    ASSERT_EQ(budgets.size(), 4U);
    for (std::size_t k = 0; k < 4; ++k) EXPECT_NEAR(budgets[k], 20 * std::pow(2.0, static_cast<double>(k)), 1e-9);
    EXPECT_EQ(budget_grid({.min_cost = 10, .max_cost = 160, .max_error = 1}).size(), 16U);
}

TEST(Hypervolume, ByHand) {
    const HypervolumeAxes axes{.min_cost = 10, .max_cost = 1000, .max_error = 0.5};
    const std::vector<study::Evaluation> archive{evaluation({point(0.7, 10), point(0.9, 100)}), evaluation({point(0.6, 50)}),
                                                 evaluation({point(1, 1000), point(0.4, 5)})};
    // (x, y): (0, 0.6), (0.5, 0.2); 0.6 accuracy at 50 is dominated; cost 1000 and error above 0.5 lie on or beyond the
    // reference.
    EXPECT_NEAR(hypervolume(archive, {}, axes), 1 * 0.4 + 0.5 * 0.4, 1e-12);
    // Only what meets the limits counts.
    EXPECT_NEAR(hypervolume(archive, accuracy_limit(0.8), axes), 0.5 * 0.8, 1e-12);
    EXPECT_EQ(hypervolume({}, {}, axes), 0);
}

TEST(Hypervolume, PointsCheaperThanTheAxisCountFromItsEnd) {
    const std::vector<study::Evaluation> archive{evaluation({point(0.75, 5)})};
    EXPECT_NEAR(hypervolume(archive, {}, {.min_cost = 10, .max_cost = 1000, .max_error = 0.5}), 0.5, 1e-12);
}

TEST(AdmissibleFront, EqualsBruteForce) {
    core::Rng rng(1);
    for (int trial = 0; trial < 200; ++trial) {
        std::vector<study::Evaluation> archive;
        for (int e = rng.between(0, 6); e > 0; --e) {
            std::vector<study::CurvePoint> curve;
            for (int p = rng.between(0, 4); p > 0; --p) curve.push_back(point(rng.between(0, 8) / 8.0, rng.between(1, 8)));
            archive.push_back(evaluation(curve, rng.between(1, 4)));
        }
        study::Limits limits = accuracy_limit(0.25);
        limits.max_avg_macs = 7;
        limits.max_worst_macs = 3;
        std::set<std::pair<double, double>> wanted;
        const auto admissible = [&](const study::Evaluation& e, const study::CurvePoint& p) {
            return p.point.accuracy >= 0.25 && p.point.avg_cost <= 7 && e.costs.executed_macs.back() <= 3;
        };
        for (const auto& e : archive)
            for (const auto& a : e.curve) {
                bool beaten = !admissible(e, a);
                for (const auto& f : archive)
                    for (const auto& b : f.curve)
                        beaten = beaten || (admissible(f, b) && b.point.accuracy >= a.point.accuracy &&
                                            b.point.avg_cost <= a.point.avg_cost &&
                                            (b.point.accuracy != a.point.accuracy || b.point.avg_cost != a.point.avg_cost));
                if (!beaten) wanted.emplace(a.point.avg_cost, a.point.accuracy);
            }
        std::vector<std::pair<double, double>> got;
        for (const Design& d : admissible_front(archive, limits)) {
            const auto& p = archive[static_cast<std::size_t>(d.evaluation)].curve[static_cast<std::size_t>(d.point)].point;
            got.emplace_back(p.avg_cost, p.accuracy);
        }
        EXPECT_EQ(got, (std::vector<std::pair<double, double>>(wanted.begin(), wanted.end()))) << "trial " << trial;
    }
}

TEST(NearestDesigns, LeastViolationFirstOnePerArchitecture) {
    const std::vector<study::Evaluation> archive{evaluation({point(0.4, 1), point(0.6, 2)}), evaluation({}),
                                                 evaluation({point(0.7, 3), point(0.65, 1)}), evaluation({point(0.1, 1)})};
    const auto nearest = nearest_designs(archive, accuracy_limit(0.8), 2);
    ASSERT_EQ(nearest.size(), 2U);
    EXPECT_EQ(nearest[0].evaluation, 2);
    EXPECT_EQ(nearest[0].point, 0);
    EXPECT_EQ(nearest[1].evaluation, 0);
    EXPECT_EQ(nearest[1].point, 1);
    EXPECT_EQ(nearest_designs(archive, accuracy_limit(0.8), 10).size(), 3U);
}

}  // namespace
}  // namespace nachos::search
