// Threshold fitting on made-up recorded tables: bench_policy [--benchmark_filter=...]

#include "core/rng.h"
#include "policy/thresholds.h"

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
