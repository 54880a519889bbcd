#pragma once

#include "optimize/nsga2.h"
#include "search/genes.h"
#include "search/predictor.h"
#include "search/proposals.h"

namespace nachos::search {

/// NSGA-II on what a predictor says, so that thousands of candidates cost no evaluation.
struct PredictedSearch {
    const SearchProblem& problem;
    const Predictor& predictor;
    Proposals& proposals;     ///< repairs, and knows what was evaluated
    bool with_budget = true;  ///< whether the last gene is the budget
    optimize::Nsga2Options nsga2 = {};
    int generations = 20;
    /// Objectives and violation of a predicted point.
    optimize::Individual (*judge)(optimize::Genes, const PredictedPoint&, const SearchProblem&) = nullptr;
};

/// The survivors: the first generation is `seeds` and as many random genomes as the population holds.
optimize::Nsga2 search_predictions(const PredictedSearch& search, std::vector<optimize::Genes> seeds, core::Rng rng,
                                   std::vector<optimize::Individual>& asked);

/// The distinct architectures among individuals that nobody has proposed yet, in their order.
std::vector<arch::ArchSpec> unknown_architectures(const PredictedSearch& search,
                                                  std::span<const optimize::Individual> individuals);

}  // namespace nachos::search
