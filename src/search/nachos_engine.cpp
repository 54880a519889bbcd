#include "search/nachos_engine.h"

#include "search/gap_filling.h"
#include "search/predicted_search.h"
#include "search/run.h"

#include <algorithm>
#include <cmath>

namespace nachos::search {
namespace {

using optimize::Genes;
using optimize::Individual;

constexpr int kCandidatesPerPlace = 8;  // of a batch, kept for the last choice

Individual judge(Genes genes, const PredictedPoint& p, const SearchProblem&) {
    return {.genes = std::move(genes), .objectives = {1 - p.point.accuracy, std::log(p.cost)}, .violation = p.violation};
}

std::vector<Genes> genes_of_front(const SearchProblem& problem, std::span<const study::Evaluation> archive) {
    std::vector<Genes> genes;
    for (const Design& design : admissible_front(archive, problem.limits, problem.unit)) {
        const study::Evaluation& evaluation = archive[static_cast<std::size_t>(design.evaluation)];
        genes.push_back(with_budget(problem.space.encode(evaluation.arch),
                                    evaluation.curve[static_cast<std::size_t>(design.point)].budget_index));
    }
    return genes;
}

/// The best of what was predicted and nobody has proposed: survivors of one selection among those alone.
std::vector<arch::ArchSpec> candidates(const PredictedSearch& search, std::vector<Individual> asked, int most) {
    std::erase_if(asked, [&](const Individual& i) {
        return search.proposals.known(search.problem.space.decode(architecture_of(search.problem.space, i.genes)));
    });
    optimize::Nsga2 selection(genes_with_budget(search.problem), {.population = std::max(most, 2)}, core::Rng(0));
    selection.tell(std::move(asked));
    return unknown_architectures(search, selection.population());
}

std::vector<arch::ArchSpec> chosen_batch(const PredictedSearch& search, const SearchOptions& options, const Run& run,
                                         core::Rng rng) {
    std::vector<Individual> asked;
    search_predictions(search, genes_of_front(search.problem, run.archive()), rng, asked);
    const auto specs = candidates(search, std::move(asked), kCandidatesPerPlace * run.room());
    const auto chosen = fill_gaps(run.archive(), search.problem.limits, run.axes(), search.predictor.curves(specs),
                                  {.size = run.room(), .exploration = options.exploration});
    std::vector<arch::ArchSpec> batch;
    for (const int c : chosen)
        if (search.proposals.claim(specs[static_cast<std::size_t>(c)])) batch.push_back(specs[static_cast<std::size_t>(c)]);
    return batch;
}

/// Evaluates what surrogates choose until the run is over.
void search_on_surrogates(const SearchProblem& problem, const SearchOptions& options, core::Rng rng, Proposals& proposals,
                          Run& run) {
    Predictor predictor(problem, options, Operating::every_budget);
    const PredictedSearch search{
        .problem = problem,
        .predictor = predictor,
        .proposals = proposals,
        .nsga2 = {.population = options.population,
                  .variation = {.crossover_rate = options.crossover, .mutation_rate = options.mutation}},
        .generations = options.generations,
        .judge = judge};
    for (std::uint64_t iteration = 0; run.room() > 0; ++iteration) {
        const core::Rng own = rng.stream("iteration", iteration);
        const bool fitted = predictor.fit(run.archive(), own.stream("fit"));
        std::vector<arch::ArchSpec> batch;
        if (fitted) batch = chosen_batch(search, options, run, own.stream("nsga2"));
        proposals.top_up(batch, run.room());
        if (batch.empty()) break;
        run.evaluate(batch, fitted ? std::optional(predictor.quality()) : std::nullopt);
    }
}

}  // namespace

SearchResult nachos_search(const SearchProblem& problem, const SearchOptions& options, core::Rng rng,
                           const SearchObserver& observer) {
    Run run(problem, options, observer);
    Proposals proposals(problem, rng.stream("proposals"));
    run.initial_design(proposals, std::min(options.initial, options.evaluations));
    search_on_surrogates(problem, options, rng, proposals, run);
    return run.take();
}

SearchResult hybrid_search(const SearchProblem& problem, const SearchOptions& options, core::Rng rng,
                           const SearchObserver& observer) {
    Run run(problem, options, observer);
    Proposals proposals(problem, rng.stream("proposals"));
    const int initial = std::min(options.initial, options.evaluations);
    run.evaluate_in_order(proposals, problem.learnt,
                          initial - initial / 4);  // the rest as ever, so that surrogates see the whole space
    run.initial_design(proposals, initial);
    search_on_surrogates(problem, options, rng, proposals, run);
    return run.take();
}

}  // namespace nachos::search
