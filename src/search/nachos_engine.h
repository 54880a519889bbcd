#pragma once

#include "search/engine.h"

namespace nachos::search {

/// The evolutionary engine of method 6. Each iteration: surrogates over (architecture, budget) are fitted to all curves;
/// NSGA-II searches them for (error, logarithm of average cost) under constraint domination, where every limit counts and
/// what needs no data is exact, from the archive's front and random genomes; of the best architectures that nobody has
/// evaluated, `batch` are chosen that fill gaps of the front, a share of them by optimistic predictions. Once nothing can be
/// fitted or found, architectures are drawn at random.
SearchResult nachos_search(const SearchProblem& problem, const SearchOptions& options, core::Rng rng,
                           const SearchObserver& observer);

/// The engine `nachos`, of whose initial design three quarters were learnt with the supernet (problem.learnt).
SearchResult hybrid_search(const SearchProblem& problem, const SearchOptions& options, core::Rng rng,
                           const SearchObserver& observer);

}  // namespace nachos::search
