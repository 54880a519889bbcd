// Threshold fitting on made-up recorded tables: bench_policy [--benchmark_filter=...]

#include "core/rng.h"
#include "policy/best_vector.h"
#include "policy/published_rule.h"
#include "policy/views.h"

#include <benchmark/benchmark.h>

#include <cmath>

namespace {

using namespace nachos;

/// Later exits are right more often, and confident samples more often than others.
policy::ExitView made_up(int samples, int exits) {
    core::Rng rng(1);
    policy::ExitView view{.samples = samples, .exits = exits, .labels = {}, .predictions = {}, .confidences = {}};
    for (int n = 0; n < samples; ++n) {
        const double ease = rng.uniform();
        view.labels.push_back(0);
        for (int e = 0; e < exits; ++e) {
            const double p = 1 / (1 + std::exp(-(6 * ease - 2 + e + rng.normal())));
            view.predictions.push_back(rng.chance(p) ? 0 : 1);
            view.confidences.push_back(e + 1 == exits ? 1.0F : static_cast<float>(p));
        }
    }
    return view;
}

std::vector<double> costs(int exits) {
    std::vector<double> cost;
    for (int e = 0; e < exits; ++e) cost.push_back(1e5 * (e + 1));
    return cost;
}

void front(benchmark::State& state) {
    const int exits = static_cast<int>(state.range(0));
    const auto view = made_up(10000, exits);
    const auto cost = costs(exits);
    std::size_t points = 0;
    for (auto _ : state) points = policy::threshold_front(view, cost).size();
    state.counters["front"] = static_cast<double>(points);
}
BENCHMARK(front)->DenseRange(2, 5)->Unit(benchmark::kMillisecond);

/// What `nachos tune` calls solver_ms, the front and the best vector, of ten classes under more and more limits.
enum Asked : std::int64_t { average, and_class, all, impossible };

policy::ThresholdLimits limits(int exits, std::int64_t asked) {
    policy::ThresholdLimits limits{.max_avg_cost = 5e4 * exits};
    if (asked >= and_class) limits.min_class_accuracy = asked == impossible ? 0.99 : 0.6;
    if (asked >= all) {
        limits.max_p95_cost = 1e5 * exits;
        limits.confidence = 0.95;
    }
    return limits;
}

void tune(benchmark::State& state) {
    const int exits = static_cast<int>(state.range(0));
    const auto view = policy::realistic_view(5, 10000, exits);
    const auto cost = costs(exits);
    const auto asked = limits(exits, state.range(1));
    policy::BestVector best;
    for (auto _ : state) best = policy::tune(view, cost, asked).best;
    state.counters["accuracy"] = 100 * best.point.accuracy;
    state.counters["class"] = 100 * best.point.min_class_accuracy;
    state.counters["cost"] = best.point.avg_cost;
}
BENCHMARK(tune)
    ->ArgsProduct({{2, 3, 4, 5}, {average, and_class, all, impossible}})
    ->ArgNames({"exits", "asked"})
    ->Unit(benchmark::kMillisecond);

/// Accuracy of the published rule and of ours, in percent, at an average cost of so many percent of the last exit's.
void published(benchmark::State& state) {
    const int exits = static_cast<int>(state.range(0));
    const auto view = made_up(10000, exits);
    const auto cost = costs(exits);
    const double limit = cost.back() * static_cast<double>(state.range(1)) / 100;
    std::optional<policy::OperatingPoint> rule;
    for (auto _ : state) rule = policy::published_rule(view, cost, limit);
    state.counters["rule"] = rule ? 100 * rule->accuracy : 0;
    state.counters["rule_cost"] = rule ? rule->avg_cost : 0;
    const auto ours = policy::best_vector(view, cost, {.max_avg_cost = limit}).point;
    state.counters["ours"] = 100 * ours.accuracy;
    state.counters["ours_cost"] = ours.avg_cost;
}
BENCHMARK(published)
    ->ArgsProduct({{3, 4, 5}, {40, 50, 60}})
    ->ArgNames({"exits", "limit"})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

/// As in the search: 6,000 samples, 16 budgets, coarse grid.
void search_curve(benchmark::State& state) {
    const int exits = static_cast<int>(state.range(0));
    const auto view = made_up(6000, exits);
    const auto cost = costs(exits);
    std::vector<double> budgets;
    for (int b = 1; b <= 16; ++b) budgets.push_back(1e5 * exits * b / 16.0);
    for (auto _ : state) {
        benchmark::DoNotOptimize(policy::cross_fitted_curve(view, cost, budgets, {.grid = 1 << 15, .refine = false}));
    }
}
BENCHMARK(search_curve)->DenseRange(2, 5)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
