#pragma once

#include "optimize/genes.h"
#include "search/engine.h"

namespace nachos::search {

/// The architecture's genes as an optimizer takes them: indices into each gene's choices, without order.
std::vector<optimize::Gene> genes_of(const arch::SearchSpace& space);

/// The same and the budget's index behind (method 6.2: a genome is the architecture plus a budget).
std::vector<optimize::Gene> genes_with_budget(const SearchProblem& problem);

/// The architecture's genome in the first of those genes.
arch::Genome architecture_of(const arch::SearchSpace& space, const optimize::Genes& genes);

optimize::Genes with_budget(const arch::Genome& genome, int budget_index);

}  // namespace nachos::search
