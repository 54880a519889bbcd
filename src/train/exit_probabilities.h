#pragma once

#include <torch/torch.h>

#include <vector>

namespace nachos::train {

/// Stick breaking (method 3): p_i = c_i prod_{j<i} (1 - c_j) with c_i = sigmoid(g_i), c_E = 1. `gates` are logits (N),
/// undefined for the last exit. Returns (N, E); rows sum to 1. Computed in logarithms of the factors, so that no product
/// underflows its gradient.
torch::Tensor exit_probabilities(const std::vector<torch::Tensor>& gates);

}  // namespace nachos::train
