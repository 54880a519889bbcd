#include "search/nsga2_engine.h"

#include "optimize/nsga2.h"
#include "search/genes.h"
#include "search/run.h"

#include <algorithm>
#include <cmath>

namespace nachos::search {
namespace {

using optimize::Genes;
using optimize::Individual;

/// The individuals of one evaluation: budget after budget, where a point with that budget is better than all before it.
std::vector<Individual> individuals(const SearchProblem& problem, const study::Evaluation& evaluation) {
    std::vector<const study::CurvePoint*> by_budget;
    for (const study::CurvePoint& p : evaluation.curve) by_budget.push_back(&p);
    std::stable_sort(by_budget.begin(), by_budget.end(),
                     [](const auto* a, const auto* b) { return a->budget_index < b->budget_index; });
    const arch::Genome genome = problem.space.encode(evaluation.arch);
    std::vector<Individual> found;
    for (const study::CurvePoint* p : by_budget) {
        Individual own{
            .genes = with_budget(genome, p->budget_index),
            .objectives = {1 - p->point.accuracy, std::log(study::average_cost(evaluation.costs, p->point, problem.unit))},
            .violation = study::total_violation(study::violations(problem.limits, evaluation.costs, p->point))};
        const auto worth = [](const Individual& i) { return std::pair(i.violation, i.objectives); };
        if (found.empty() || worth(own) < worth(found.back())) found.push_back(std::move(own));
    }
    return found;
}

void tell(optimize::Nsga2& nsga2, const SearchProblem& problem, std::span<const study::Evaluation> evaluations) {
    std::vector<Individual> results;
    for (const study::Evaluation& evaluation : evaluations) {
        auto own = individuals(problem, evaluation);
        std::move(own.begin(), own.end(), std::back_inserter(results));
    }
    nsga2.tell(std::move(results));
}

/// New architectures among the children, made up with random ones where the children are known already.
std::vector<arch::ArchSpec> next_batch(optimize::Nsga2& nsga2, Proposals& proposals, const arch::SearchSpace& space,
                                       int size) {
    std::vector<arch::ArchSpec> batch;
    for (int asked = 1; asked > 0 && static_cast<int>(batch.size()) < size;) {
        const auto children = nsga2.ask(size - static_cast<int>(batch.size()));
        asked = static_cast<int>(children.size());
        for (const Genes& child : children) {
            const arch::ArchSpec spec = space.decode(architecture_of(space, child));
            if (proposals.claim(spec)) batch.push_back(spec);
        }
    }
    proposals.top_up(batch, size);
    return batch;
}

}  // namespace

SearchResult nsga2_search(const SearchProblem& problem, const SearchOptions& options, core::Rng rng,
                          const SearchObserver& observer) {
    Run run(problem, options, observer);
    Proposals proposals(problem, rng.stream("proposals"));
    const auto repair = [&](const Genes& genes) {  // who asks for one budget of an architecture asks for all
        return with_budget(proposals.repaired(architecture_of(problem.space, genes)), 0);
    };
    optimize::Nsga2 nsga2(genes_with_budget(problem),
                          {.variation = {.crossover_rate = options.crossover, .mutation_rate = options.mutation}},
                          rng.stream("nsga2"), repair);
    run.initial_design(proposals, std::min(options.initial, options.evaluations));
    tell(nsga2, problem, run.archive());
    while (run.room() > 0) {
        const auto batch = next_batch(nsga2, proposals, problem.space, run.room());
        if (batch.empty()) break;
        tell(nsga2, problem, run.evaluate(batch));
    }
    return run.take();
}

}  // namespace nachos::search
