#pragma once

#include "search/engine.h"

namespace nachos::search {

/// NSGA-II over (architecture, budget): a genome is the architecture's and one gene b, an index into the budgets; its
/// objectives are error and average cost of the curve's best point within budget b, admissible ones preferred, and its
/// violation is what that point breaks of all limits. One evaluation answers all b of its architecture: each b with a point
/// of its own joins the population, and children are asked for by architecture alone. Cost enters as its logarithm, as on
/// the hypervolume's axes; that changes crowding, not dominance. Evaluations that failed join nothing.
SearchResult nsga2_search(const SearchProblem& problem, const SearchOptions& options, core::Rng rng,
                          const SearchObserver& observer);

}  // namespace nachos::search
