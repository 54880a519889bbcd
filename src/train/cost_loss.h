#pragma once

#include <torch/torch.h>

#include <span>
#include <string_view>

namespace nachos::train {

/// Regularizer 1 (method 3): L_cost = max(0, mean_n sum_i p_i cost(i) - M) / M, with M = `max_avg_macs`. `probabilities` (N,
/// E) from exit_probabilities, so that it reaches every c_i; `cost` (E) in MACs. `normaliser` "limit" divides by M;
/// "published" by cost(E) - M, and is 0 where cost(E) <= M.
torch::Tensor cost_loss(const torch::Tensor& probabilities, std::span<const double> cost, double max_avg_macs,
                        std::string_view normaliser);

}  // namespace nachos::train
