#pragma once

#include "nn/network.h"
#include "train/class_loss.h"
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

/// w_gate L_gate + w_beta L_cost + w_gamma L_support (method 3): what speaks to the gates. 0 without an early exit.
torch::Tensor exit_loss(const nn::Outputs& outputs, const torch::Tensor& labels, const LossOptions& options,
                        const LossContext& context = {});

/// w_alpha L_cls + exit_loss (method 3).
torch::Tensor total_loss(const nn::Outputs& outputs, const torch::Tensor& labels, const LossOptions& options,
                         const Taught& taught = {}, const LossContext& context = {});

}  // namespace nachos::train
