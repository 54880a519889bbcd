#include "search/nsga2_engine.h"

#include "optimize/nsga2.h"
#include "search/run.h"

#include <algorithm>
#include <cmath>

namespace nachos::search {
namespace {

using optimize::Genes;
using optimize::Individual;

/// The architecture's genes and the budget's index.
std::vector<optimize::Gene> genes_of(const SearchProblem& problem) {
    std::vector<optimize::Gene> genes;
    for (const arch::Gene& gene : problem.space.genes())
        genes.push_back(optimize::categorical_gene(static_cast<int>(gene.choices.size())));
    genes.push_back(optimize::categorical_gene(static_cast<int>(problem.budgets.size())));
    return genes;
}

arch::Genome architecture_of(const Genes& genes) {
    arch::Genome genome;
    for (std::size_t g = 0; g + 1 < genes.size(); ++g) genome.push_back(static_cast<int>(genes[g]));
    return genome;
}

Genes with_budget(const arch::Genome& genome, int budget_index) {
    Genes genes(genome.begin(), genome.end());
    genes.push_back(budget_index);
    return genes;
}

/// The individuals of one evaluation: budget after budget, where a point with that budget is better than all before it.
std::vector<Individual> individuals(const SearchProblem& problem, const study::Evaluation& evaluation) {
    std::vector<const study::CurvePoint*> by_budget;
    for (const study::CurvePoint& p : evaluation.curve) by_budget.push_back(&p);
    std::stable_sort(by_budget.begin(), by_budget.end(),
                     [](const auto* a, const auto* b) { return a->budget_index < b->budget_index; });
    const arch::Genome genome = problem.space.encode(evaluation.arch);
    std::vector<Individual> found;
    for (const study::CurvePoint* p : by_budget) {
        Individual own{.genes = with_budget(genome, p->budget_index),
                       .objectives = {1 - p->point.accuracy, std::log(p->point.avg_cost)},
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
            const arch::ArchSpec spec = space.decode(architecture_of(child));
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
    const auto repair = [&proposals](const Genes& genes) {  // who asks for one budget of an architecture asks for all
        return with_budget(proposals.repaired(architecture_of(genes)), 0);
    };
    optimize::Nsga2 nsga2(genes_of(problem),
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
