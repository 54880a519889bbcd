#pragma once

#include "nn/network.h"
#include "train/options.h"

#include <torch/torch.h>

#include <vector>

namespace nachos::train {

/// Stick breaking (method 3): p_i = c_i prod_{j<i} (1 - c_j) with c_i = sigmoid(g_i), c_E = 1. `gates` are logits (N),
/// undefined for the last exit. Returns (N, E); rows sum to 1. Computed in logarithms of the factors, so that no product
/// underflows its gradient.
torch::Tensor exit_probabilities(const std::vector<torch::Tensor>& gates);

/// Cross entropy per sample (N) of logits (N, K) against labels (N) int64, the target smoothed by `smoothing` and, if
/// `teacher` (N, K probabilities) is given, mixed with it by `distillation`.
torch::Tensor class_losses(const torch::Tensor& logits, const torch::Tensor& labels, const LossOptions& options,
                           const torch::Tensor& teacher);

/// L_cls: "independent" mean_n sum_i CE(z_i, y), or "weighted" mean_n sum_i p_i CE(z_i, y). The teacher, where there is one,
/// is mixed into the targets of every exit.
torch::Tensor classification_loss(const nn::Outputs& outputs, const torch::Tensor& labels, const LossOptions& options,
                                  const torch::Tensor& teacher);

/// L_gate: mean over early exits and samples of BCE(c_i, 1[argmax z_i = y]), unweighted, so that c_i is a probability.
/// 0 where there is no early exit. The target carries no gradient.
torch::Tensor gate_loss(const nn::Outputs& outputs, const torch::Tensor& labels);

/// w_alpha L_cls + w_gate L_gate. The cost and support terms of method 3 join here.
torch::Tensor total_loss(const nn::Outputs& outputs, const torch::Tensor& labels, const LossOptions& options,
                         const torch::Tensor& teacher = {});

}  // namespace nachos::train
