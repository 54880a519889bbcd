#pragma once

#include "nn/network.h"
#include "search/differentiable/arch_policy.h"
#include "search/differentiable/expected_cost.h"
#include "search/differentiable/multipliers.h"
#include "train/options.h"

namespace nachos::search {

/// What one shard of an architecture step says.
struct ArchLoss {
    torch::Tensor loss;          ///< scalar, to be differentiated
    double error = 0;            ///< mean_n sum_i p_i CE(z_i, y)
    double constraint = 0;       ///< g = E[cost] / b - 1
    torch::Tensor right, count;  ///< per class and site, how many of the batch the site's exit had right (K, sites); (K)
};

/// What stays the same over a run.
struct ArchLossContext {
    const arch::SearchSpace& space;
    const CostModel& costs;
    const Multipliers& multipliers;
    const train::LossOptions& options;
    const torch::Tensor& support;  ///< (K, sites) accuracies of the sites' exits, undefined before there are any
};

/// The Lagrangian of one sampled architecture: sum_i p_i CE(z_i, y), the exit probabilities p those of the sample, plus the
/// penalty of its expected cost above the budget, plus both regularizers of method 3 (with M = the budget) as weighted by
/// the options. `outputs` of a RelaxedNet, `labels` (N).
ArchLoss arch_loss(const ArchLossContext& context, const ArchPolicy::Sample& sample, double budget,
                   const nn::Outputs& outputs, const torch::Tensor& labels);

}  // namespace nachos::search
