#pragma once

#include "nn/network.h"
#include "train/options.h"

#include <torch/torch.h>

namespace nachos::train {

/// Cross entropy per sample (N) of logits (N, K) against labels (N) int64, the target smoothed by `smoothing` and, if
/// `teacher` (N, K probabilities) is given, mixed with it by `distillation`.
torch::Tensor class_losses(const torch::Tensor& logits, const torch::Tensor& labels, const LossOptions& options,
                           const torch::Tensor& teacher);

/// L_cls (method 3): "independent" mean_n sum_i CE(z_i, y), or "weighted" mean_n sum_i p_i CE(z_i, y). The teacher, where
/// there is one, is mixed into the targets of every exit.
torch::Tensor classification_loss(const nn::Outputs& outputs, const torch::Tensor& labels, const LossOptions& options,
                                  const torch::Tensor& teacher);

}  // namespace nachos::train
