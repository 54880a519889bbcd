#pragma once

#include "search/engine.h"

namespace nachos::search {

/// Its published size, for SearchOptions of the same names, and the fidelity it was published with (method 3: 10 epochs for
/// the backbone, 10 for the exits).
inline constexpr int kPublishedEvaluations = 180;
inline constexpr int kPublishedInitial = 100;
inline constexpr int kPublishedBatch = 8;
inline constexpr const char* kPublishedFidelity = "finetune:20";

/// The engine as published (method 6): one operating point per candidate, surrogates over architectures alone with adaptive
/// switching, NSGA-II with population 40, 20 generations, two-point crossover 0.9 and the adaptive penalty on the average
/// /// cost, and of its survivors a batch spread along the predicted front. Deviations: the operating point is that of the
/// largest budget of an evaluation's curve (fitted by the published rule if the evaluator does so, see policy.rule); limits
/// that need no data hold for every candidate (the published engine has none of them); the accuracy limit is judged on the
/// results only, as there; adaptive switching compares by five folds, and whenever the archive has grown by a quarter.
/// `population`, `generations`, `crossover` and `exploration` are not read.
SearchResult paper_search(const SearchProblem& problem, const SearchOptions& options, core::Rng rng,
                          const SearchObserver& observer);

}  // namespace nachos::search
