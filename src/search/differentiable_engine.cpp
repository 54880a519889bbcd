#include "search/differentiable_engine.h"

#include "search/finalists.h"
#include "search/run.h"

#include <algorithm>

namespace nachos::search {
namespace {

/// What was learnt, in order. Where no budget's design has an exit, they come with exits too: whether exits pay is then
/// known.
std::vector<arch::ArchSpec> to_evaluate(const SearchProblem& problem) {
    const auto budgets = static_cast<std::ptrdiff_t>(std::min(problem.budgets.size(), problem.learnt.size()));
    std::vector<arch::ArchSpec> specs(problem.learnt.begin(), problem.learnt.begin() + budgets);
    const bool plain = std::all_of(specs.begin(), specs.end(), [](const auto& spec) { return spec.placed_exits() == 0; });
    for (std::ptrdiff_t i = 0; plain && i < budgets; ++i)
        specs.push_back(with_hand_made_exits(specs[static_cast<std::size_t>(i)], problem.space));
    specs.insert(specs.end(), problem.learnt.begin() + budgets, problem.learnt.end());
    return specs;
}

}  // namespace

SearchResult differentiable_search(const SearchProblem& problem, const SearchOptions& options, core::Rng rng,
                                   const SearchObserver& observer) {
    Run run(problem, options, observer);
    Proposals proposals(problem, rng.stream("proposals"));
    run.evaluate_in_order(proposals, to_evaluate(problem), options.evaluations);
    return run.take();
}

}  // namespace nachos::search
