#pragma once

#include "search/engine.h"

namespace nachos::search {

/// The differentiable engine's side of a search (method 7): the architectures that were learnt with the supernet
/// (problem.learnt: one for each budget, then samples of the same distribution) are evaluated like any other, in order.
/// Fewer than options.evaluations where they repeat themselves.
SearchResult differentiable_search(const SearchProblem& problem, const SearchOptions& options, core::Rng rng,
                                   const SearchObserver& observer);

}  // namespace nachos::search
