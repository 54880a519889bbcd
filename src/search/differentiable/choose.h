#pragma once

#include "search/differentiable/decode.h"
#include "train/loop.h"

namespace nachos::search {

struct ChoiceInput {
    const arch::SearchSpace& space;
    const nn::WeightBank& bank;
    const ArchPolicy& policy;
    const std::vector<double>& budgets;  ///< ascending MACs
    torch::Tensor images;                ///< (N, C, H, W), normalised
    torch::Tensor labels;                ///< (N)
    core::Rng rng;
};

/// Decoding: for each budget the architecture with the least sum_i p_i CE(z_i, y) on `images`, of those that the policy
/// finds most probable at any budget and some samples of it. The gate offsets of the budget are shifted alike until sum_i
/// p_i cost(i) = b there (bisection); an architecture that cannot leave early enough is no choice unless none can. Batch
/// norm has the statistics of `images`. Runs on the threads of `shards`; the same on every rank.
std::vector<DecodedDesign> choose_designs(const ChoiceInput& input, train::Shards& shards);

}  // namespace nachos::search
