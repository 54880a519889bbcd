#pragma once

#include "search/engine.h"

namespace nachos::search {

/// Random search: the initial design, as long as the budget of evaluations. The floor that other engines must beat.
SearchResult random_search(const SearchProblem& problem, const SearchOptions& options, core::Rng rng,
                           const SearchObserver& observer);

}  // namespace nachos::search
