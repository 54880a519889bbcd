#include "search/paper_engine.h"

#include "optimize/crowding.h"
#include "search/predicted_search.h"
#include "search/run.h"

#include <algorithm>

namespace nachos::search {
namespace {

using optimize::Genes;
using optimize::Individual;

constexpr int kPopulation = 40;
constexpr int kGenerations = 20;
constexpr double kCrossover = 0.9;

Individual judge(Genes genes, const PredictedPoint& p, const SearchProblem& problem) {
    const double most = problem.limits.max_avg_macs.value_or(std::numeric_limits<double>::infinity());
    return {
        .genes = std::move(genes), .objectives = {1 - p.point.accuracy, p.cost}, .violation = std::max(0.0, p.cost - most)};
}

/// At most `size`, spread along what is predicted of them.
std::vector<arch::ArchSpec> spread(const PredictedSearch& search, const std::vector<arch::ArchSpec>& specs, int size) {
    std::vector<optimize::Objectives> points;
    for (const auto& curve : search.predictor.curves(specs))
        points.push_back({1 - curve.front().point.accuracy, curve.front().cost});
    optimize::Crowding crowding(points);
    for (auto left = static_cast<int>(specs.size()); left > size; --left) crowding.remove(crowding.most_crowded());
    std::vector<arch::ArchSpec> batch;
    for (const int i : crowding.present())
        if (search.proposals.claim(specs[static_cast<std::size_t>(i)])) batch.push_back(specs[static_cast<std::size_t>(i)]);
    return batch;
}

}  // namespace

SearchResult paper_search(const SearchProblem& problem, const SearchOptions& options, core::Rng rng,
                          const SearchObserver& observer) {
    Run run(problem, options, observer);
    Proposals proposals(problem, rng.stream("proposals"));
    run.initial_design(proposals, std::min(options.initial, options.evaluations));
    Predictor predictor(problem, options, Operating::dearest_budget);
    const PredictedSearch search{.problem = problem,
                                 .predictor = predictor,
                                 .proposals = proposals,
                                 .with_budget = false,
                                 .nsga2 = {.population = kPopulation,
                                           .variation = {.crossover_rate = kCrossover, .mutation_rate = options.mutation},
                                           .constraints = optimize::ConstraintHandling::adaptive_penalty},
                                 .generations = kGenerations,
                                 .judge = judge};
    for (std::uint64_t iteration = 0; run.room() > 0; ++iteration) {
        const core::Rng own = rng.stream("iteration", iteration);
        const bool fitted = predictor.fit(run.archive(), own.stream("fit"));
        std::vector<arch::ArchSpec> batch;
        if (fitted) {
            std::vector<Individual> asked;
            const auto survivors = search_predictions(search, {}, own.stream("nsga2"), asked);
            batch = spread(search, unknown_architectures(search, survivors.population()), run.room());
        }
        proposals.top_up(batch, run.room());
        if (batch.empty()) break;
        run.evaluate(batch, fitted ? std::optional(predictor.quality()) : std::nullopt);
    }
    return run.take();
}

}  // namespace nachos::search
