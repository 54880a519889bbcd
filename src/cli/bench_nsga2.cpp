#include "cli/bench_nsga2.h"

#include "core/stats.h"
#include "optimize/problems.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>

namespace nachos::cli {
namespace {

using nlohmann::ordered_json;
using namespace optimize;

ContinuousFigures on_reals(const KnownProblem& problem, const Nsga2BenchOptions& options) {
    ContinuousFigures figures{.problem = problem.name, .reference = problem.reference, .hypervolume = {}, .seconds = {}};
    const Nsga2Options own{.population = options.population, .variation = {.crossover = Crossover::simulated_binary}};
    for (int seed = 1; seed <= options.seeds; ++seed) {
        const auto start = std::chrono::steady_clock::now();
        const Nsga2 nsga2 = solve(problem, own, options.generations, core::Rng(static_cast<std::uint64_t>(seed)));
        figures.seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
        figures.hypervolume.push_back(hypervolume_2d(distinct_objectives(nsga2.population()), problem.reference));
    }
    return figures;
}

EnumeratedFigures on_few_values(const KnownProblem& problem, const Nsga2BenchOptions& options) {
    constexpr int kPopulation = 60, kGenerations = 20;
    const auto wanted = enumerated_front(problem);
    EnumeratedFigures figures{.problem = problem.name,
                              .front = static_cast<int>(wanted.size()),
                              .found = {},
                              .evaluations = kPopulation * kGenerations};
    for (int seed = 1; seed <= options.seeds; ++seed) {
        const Nsga2 nsga2 =
            solve(problem, {.population = kPopulation}, kGenerations, core::Rng(static_cast<std::uint64_t>(seed)));
        const auto got = distinct_objectives(nsga2.front());
        std::vector<Objectives> common;
        std::set_intersection(got.begin(), got.end(), wanted.begin(), wanted.end(), std::back_inserter(common));
        figures.found.push_back(static_cast<int>(common.size()));
    }
    return figures;
}

double least(const std::vector<double>& values) { return *std::min_element(values.begin(), values.end()); }

}  // namespace

Nsga2Bench nsga2_figures(const Nsga2BenchOptions& options) {
    Nsga2Bench bench{.options = options, .continuous = {}, .enumerated = {}};
    for (const KnownProblem& problem : continuous_problems()) bench.continuous.push_back(on_reals(problem, options));
    for (const KnownProblem& problem : enumerable_problems()) bench.enumerated.push_back(on_few_values(problem, options));
    return bench;
}

std::string nsga2_json(const Nsga2Bench& bench) {
    ordered_json out{{"population", bench.options.population},
                     {"generations", bench.options.generations},
                     {"seeds", bench.options.seeds},
                     {"crossover", "simulated binary"}};
    for (const ContinuousFigures& f : bench.continuous)
        out["problems"].push_back(
            {{"name", f.problem},
             {"reference_point", f.reference},
             {"hypervolume",
              {{"min", least(f.hypervolume)}, {"median", core::median(f.hypervolume)}, {"by_seed", f.hypervolume}}},
             {"seconds", {{"min", least(f.seconds)}, {"median", core::median(f.seconds)}, {"by_seed", f.seconds}}}});
    for (const EnumeratedFigures& f : bench.enumerated)
        out["enumerated"].push_back(
            {{"name", f.problem}, {"front", f.front}, {"found_by_seed", f.found}, {"evaluations", f.evaluations}});
    return out.dump(2) + "\n";
}

std::string nsga2_table(const Nsga2Bench& bench) {
    std::string text = fmt::format("population {}, {} generations, {} seeds, SBX\n\n{:<12} {:>11} {:>11} {:>10}\n",
                                   bench.options.population, bench.options.generations, bench.options.seeds, "problem",
                                   "least HV", "median HV", "median s");
    for (const ContinuousFigures& f : bench.continuous)
        text += fmt::format("{:<12} {:>11.5f} {:>11.5f} {:>10.4f}\n", f.problem, least(f.hypervolume),
                            core::median(f.hypervolume), core::median(f.seconds));
    for (const EnumeratedFigures& f : bench.enumerated)
        text += fmt::format("{:<12} found {} of {} front points after {} evaluations\n", f.problem, fmt::join(f.found, ", "),
                            f.front, f.evaluations);
    return text;
}

}  // namespace nachos::cli
