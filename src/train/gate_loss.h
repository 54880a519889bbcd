#pragma once

#include "nn/network.h"

#include <torch/torch.h>

namespace nachos::train {

/// L_gate (method 3): mean over early exits and samples of BCE(c_i, 1[argmax z_i = y]). 0 where there is no early exit. The
/// target carries no gradient. Unweighted, so that c_i is a probability; `balanced` (published): right and wrong samples of
/// each exit weigh alike in sum, and where an exit is always or never right, its samples weigh 1.
torch::Tensor gate_loss(const nn::Outputs& outputs, const torch::Tensor& labels, bool balanced = false);

}  // namespace nachos::train
