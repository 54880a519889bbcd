#pragma once

#include "arch/search_space.h"

#include <cstdint>
#include <vector>

namespace nachos::cost {

/// MACs of one part of the networks of a space, as a table over the few genes they depend on.
struct CostTerm {
    std::vector<int> genes;          ///< indices into SearchSpace::genes(), from its number of genes on into derived ones
    std::vector<std::int64_t> macs;  ///< a value for each joint choice, the last gene's running fastest
    int site = 0;                    ///< stage (from 1) it belongs to, or whose exit it is; the stem belongs to stage 1
    bool head = false;               ///< of the exit there (of the last stage: of the final classifier), not of the backbone
};

/// The exact costs (method 2) of every architecture of a space, as sums of small tables: multilinear in one-hot genes, so
/// that they have a gradient between architectures and are the integer cost model at each of them (method 7).
///
/// Where a cost depends on a choice that `SearchSpace::build` makes from all genes at once (the pooling of a published
/// exit), that choice counts as a derived gene behind the real ones, to be set by `derived_choices`.
struct CostTables {
    std::vector<int> choices;  ///< number of choices of each gene, derived ones behind
    std::vector<CostTerm> terms;
    int stages = 0;

    /// Executed MACs up to each site's exit and to the final classifier (stages entries), of one choice each; an exit that
    /// is not placed costs nothing and stands where the backbone ends.
    std::vector<std::int64_t> executed_macs(const std::vector<int>& choice) const;
};

/// Builds the networks of each part's joint choices and reads their MACs: no formula is written twice. Some thousand small
/// networks, a tenth of a second.
CostTables cost_tables(const arch::SearchSpace& space);

/// What `build` chooses for this architecture: one index a derived gene.
std::vector<int> derived_choices(const arch::SearchSpace& space, const arch::ArchSpec& spec);

}  // namespace nachos::cost
