#include "search/predictor.h"

#include "search/fake.h"
#include "search/gap_filling.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace nachos::search {
namespace {

std::vector<study::Evaluation> evaluated(FakeTask& task, const SearchProblem& problem, int count, std::uint64_t seed) {
    core::Rng rng(seed);
    std::vector<arch::ArchSpec> specs;
    for (int i = 0; i < count; ++i) specs.push_back(task.space.decode(task.space.sample(rng)));
    return problem.evaluate(specs);
}

TEST(Encoding, RowsAreOfOneLengthAndSumsByHand) {
    const FakeTask task = wide_task();
    const auto costs = [&](const arch::ArchSpec& spec) { return exact_costs(task.space, spec); };
    core::Rng rng(1);
    for (const bool one_hot : {false, true}) {
        const Encoding plain(task.space, costs, {.one_hot = one_hot, .costs = false}),
            full(task.space, costs, {one_hot, true});
        const std::size_t genes = plain(task.space.smallest()).size(), all = full(task.space.smallest()).size();
        EXPECT_EQ(all, genes + 2 * static_cast<std::size_t>(task.space.sites()) + 5);
        for (int i = 0; i < 20; ++i) {
            const arch::ArchSpec spec = task.space.decode(task.space.sample(rng));
            EXPECT_EQ(plain(spec).size(), genes);
            EXPECT_EQ(full(spec).size(), all);
        }
    }
    // Stem, then per stage: depth, width, kernels (0 = absent), their sum, expansions, their sum.
    arch::ArchSpec spec = task.space.smallest();
    const auto row = Encoding(task.space, costs, {.one_hot = false, .costs = false})(spec);
    EXPECT_EQ(std::vector<double>(row.begin(), row.begin() + 10), (std::vector<double>{2, 8, 1, 8, 3, 0, 3, 2, 0, 2}));
}

TEST(Encoding, DifferentArchitecturesDiffer) {
    const FakeTask task = wide_task();
    const Encoding encoding(task.space, [&](const arch::ArchSpec& spec) { return exact_costs(task.space, spec); });
    core::Rng rng(2);
    for (int i = 0; i < 50; ++i) {
        const arch::ArchSpec a = task.space.decode(task.space.sample(rng)), b = task.space.decode(task.space.sample(rng));
        EXPECT_EQ(a == b, encoding(a) == encoding(b));
    }
}

TEST(Predictor, PredictsCurvesItHasNotSeen) {
    FakeTask task = wide_task();
    const SearchProblem problem = task.problem();
    SearchOptions options;
    options.surrogate = "gp";
    for (const Operating operating : {Operating::every_budget, Operating::dearest_budget}) {
        Predictor predictor(problem, options, operating);
        ASSERT_TRUE(predictor.fit(evaluated(task, problem, 80, 1), core::Rng(1)));
        const auto later = evaluated(task, problem, 20, 2);
        double error = 0, cost = 0;
        int count = 0;
        for (const study::Evaluation& e : later) {
            const std::vector<arch::ArchSpec> asked{e.arch};
            const auto curve = predictor.curves(asked).front();
            const bool all = operating == Operating::every_budget;
            EXPECT_EQ(curve.size(), all ? problem.budgets.size() : 1);
            for (const study::CurvePoint& p : e.curve) {
                if (!all && &p != &e.curve.back()) continue;
                const PredictedPoint& own = curve[all ? static_cast<std::size_t>(p.budget_index) : 0];
                error += std::abs(own.point.accuracy - p.point.accuracy);
                cost += std::abs(std::log(own.point.avg_cost / p.point.avg_cost));
                EXPECT_EQ(own.point.worst_cost, static_cast<double>(e.costs.executed_macs.back()));
                ++count;
            }
        }
        EXPECT_LT(error / count, 0.05);
        EXPECT_LT(cost / count, 0.1);
    }
}

TEST(Predictor, WhatNeedsNoDataIsExact) {
    FakeTask task = wide_task();
    study::Limits limits;
    limits.max_params = 30000;
    const SearchProblem problem = task.problem(limits);
    SearchOptions options;
    options.surrogate = "rbf";
    Predictor predictor(problem, options, Operating::every_budget);
    ASSERT_TRUE(predictor.fit(evaluated(task, problem, 30, 1), core::Rng(1)));
    core::Rng rng(3);
    for (int i = 0; i < 30; ++i) {
        const arch::ArchSpec spec = task.space.decode(task.space.sample(rng));
        const auto costs = exact_costs(task.space, spec);
        const int last = static_cast<int>(problem.budgets.size()) - 1;
        const std::vector<Predictor::Asked> asked{{spec, 0}, {spec, last}};
        const auto points = predictor.predict(asked);
        EXPECT_DOUBLE_EQ(points[1].violation, std::max(0.0, static_cast<double>(costs.params) / 30000 - 1));
        const bool reachable = problem.budgets[0] >= static_cast<double>(costs.executed_macs.front());
        EXPECT_EQ(points[0].violation > points[1].violation, !reachable);  // no thresholds can meet that budget
    }
}

TEST(Predictor, PredictsLatencyWhereItIsLimited) {
    FakeTask task = wide_task();
    study::Limits limits;
    limits.max_avg_latency_us = 250;
    const SearchProblem problem = task.problem(limits);
    SearchOptions options;
    options.surrogate = "gp";
    Predictor predictor(problem, options, Operating::every_budget);
    ASSERT_TRUE(predictor.fit(evaluated(task, problem, 80, 1), core::Rng(1)));
    double error = 0;
    int count = 0;
    for (const study::Evaluation& e : evaluated(task, problem, 20, 2)) {
        const std::vector<arch::ArchSpec> asked{e.arch};
        const auto curve = predictor.curves(asked).front();
        for (const study::CurvePoint& p : e.curve) {
            const PredictedPoint& own = curve[static_cast<std::size_t>(p.budget_index)];
            ASSERT_TRUE(own.avg_latency_us);
            EXPECT_GE(*own.avg_latency_us, e.costs.latency_us.front());
            EXPECT_LE(*own.avg_latency_us, e.costs.latency_us.back());
            if (*own.avg_latency_us > 250) {
                EXPECT_GT(own.violation, 0);
            }
            error += std::abs(std::log(*own.avg_latency_us / study::avg_latency_us(e.costs.latency_us, p.point)));
            ++count;
        }
    }
    EXPECT_LT(error / count, 0.1);
}

TEST(Predictor, TooFewEvaluationsFitNothing) {
    FakeTask task = wide_task();
    const SearchProblem problem = task.problem();
    const SearchOptions options;
    Predictor predictor(problem, options, Operating::dearest_budget);
    EXPECT_FALSE(predictor.fit({}, core::Rng(1)));
    EXPECT_FALSE(predictor.fit(evaluated(task, problem, 1, 1), core::Rng(1)));
}

PredictedPoint predicted(double accuracy, double cost, double deviation = 0, double violation = 0) {
    PredictedPoint p{
        .point = {}, .error_deviation = deviation, .violation = violation, .violation_beside_accuracy = violation};
    p.point.accuracy = accuracy;
    p.point.avg_cost = p.cost = cost;
    return p;
}

TEST(FillGaps, ChoosesForDifferentGaps) {
    const HypervolumeAxes axes{.min_cost = 10, .max_cost = 1000, .max_error = 1};
    // On the axes: (0.25, 0.5), nearly the same, and (0.75, 0.2): the second place goes to the other gap.
    const double cheap = 10 * std::pow(100, 0.25), dear = 10 * std::pow(100, 0.75);
    const std::vector<std::vector<PredictedPoint>> curves{
        {predicted(0.49, cheap)}, {predicted(0.5, cheap)}, {predicted(0.8, dear)}, {predicted(1, 10, 0, 1)}};
    EXPECT_EQ(fill_gaps({}, {}, axes, curves, {.size = 2, .exploration = 0}), (std::vector<int>{1, 2}));
    EXPECT_EQ(fill_gaps({}, {}, axes, curves, {.size = 9, .exploration = 0}).size(), 4U);
    EXPECT_TRUE(fill_gaps({}, {}, axes, {}, {}).empty());
}

TEST(FillGaps, CountsWhatAnUncertainCandidateMayGain) {
    const HypervolumeAxes axes{.min_cost = 10, .max_cost = 1000, .max_error = 1};
    // A front of one design, which neither candidate is predicted to beat; the second one might.
    study::Evaluation known;
    known.costs.executed_macs = {100};
    study::CurvePoint point;
    point.point.accuracy = 0.7;
    point.point.avg_cost = point.point.p95_cost = point.point.worst_cost = 100;
    known.curve = {point};
    const std::vector<study::Evaluation> archive{known};
    const std::vector<std::vector<PredictedPoint>> curves{{predicted(0.69, 100)}, {predicted(0.65, 100, 0.1)}};
    EXPECT_EQ(fill_gaps(archive, {}, axes, curves, {.size = 1, .exploration = 0}), (std::vector<int>{1}));
}

TEST(FillGaps, ACandidateMayMeetTheAccuracyThatItsMeanMisses) {
    const HypervolumeAxes axes{.min_cost = 10, .max_cost = 1000, .max_error = 1};
    study::Limits limits;
    limits.min_accuracy = 0.65;
    // The first misses it for sure; the second does by its mean, and may meet it.
    const std::vector<std::vector<PredictedPoint>> curves{{predicted(0.64, 50)}, {predicted(0.62, 100, 0.1)}};
    EXPECT_EQ(fill_gaps({}, limits, axes, curves, {.size = 1, .exploration = 0}), (std::vector<int>{1}));
    EXPECT_EQ(fill_gaps({}, limits, axes, curves, {.size = 1, .exploration = 1}), (std::vector<int>{1}));
}

TEST(FillGaps, ExplorationIsOptimistic) {
    const HypervolumeAxes axes{.min_cost = 10, .max_cost = 1000, .max_error = 1};
    const std::vector<std::vector<PredictedPoint>> curves{{predicted(0.6, 100)}, {predicted(0.5, 100, 0.3)}};
    EXPECT_EQ(fill_gaps({}, {}, axes, curves, {.size = 1, .exploration = 0}), (std::vector<int>{0}));
    EXPECT_EQ(fill_gaps({}, {}, axes, curves, {.size = 1, .exploration = 1}), (std::vector<int>{1}));
}

}  // namespace
}  // namespace nachos::search
