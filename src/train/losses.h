#pragma once

#include "nn/network.h"
#include "train/exit_probabilities.h"
#include "train/options.h"

#include <torch/torch.h>

#include <optional>
#include <vector>

namespace nachos::train {

/// What the regularizers need to know beside a batch.
struct LossContext {
    std::vector<double> cost;            ///< (E) executed MACs of the network's exits; empty = no cost loss
    std::optional<double> max_avg_macs;  ///< M; nothing = no cost loss
    torch::Tensor support;               ///< support_matrix; undefined = no support loss
};

/// Cross entropy per sample (N) of logits (N, K) against labels (N) int64, the target smoothed by `smoothing` and, if
/// `teacher` (N, K probabilities) is given, mixed with it by `distillation`.
torch::Tensor class_losses(const torch::Tensor& logits, const torch::Tensor& labels, const LossOptions& options,
                           const torch::Tensor& teacher);

/// L_cls: "independent" mean_n sum_i CE(z_i, y), or "weighted" mean_n sum_i p_i CE(z_i, y). The teacher, where there is one,
/// is mixed into the targets of every exit.
torch::Tensor classification_loss(const nn::Outputs& outputs, const torch::Tensor& labels, const LossOptions& options,
                                  const torch::Tensor& teacher);

/// L_gate: mean over early exits and samples of BCE(c_i, 1[argmax z_i = y]). 0 where there is no early exit. The target
/// carries no gradient. Unweighted, so that c_i is a probability; `balanced` (published): right and wrong samples of each
/// exit weigh alike in sum, and where an exit is always or never right, its samples weigh 1.
torch::Tensor gate_loss(const nn::Outputs& outputs, const torch::Tensor& labels, bool balanced = false);

/// w_gate L_gate + w_beta L_cost + w_gamma L_support (method 3): what speaks to the gates. 0 without an early exit.
torch::Tensor exit_loss(const nn::Outputs& outputs, const torch::Tensor& labels, const LossOptions& options,
                        const LossContext& context = {});

/// w_alpha L_cls + exit_loss (method 3).
torch::Tensor total_loss(const nn::Outputs& outputs, const torch::Tensor& labels, const LossOptions& options,
                         const torch::Tensor& teacher = {}, const LossContext& context = {});

}  // namespace nachos::train
