#pragma once

#include "nn/network.h"
#include "policy/table.h"
#include "train/tensors.h"

#include <torch/torch.h>

#include <vector>

namespace nachos::train {

/// Batch norm statistics of an architecture with the bank's weights: means over `batches` of each batch's mean and variance,
/// as nn::recalibrate gives them. On a CPU it runs on the engine that runs designs later, several times faster than
/// libtorch. Throws Error(runtime) if one is not finite.
nn::NetStats batch_statistics(const arch::NetDesc& net, const nn::WeightBank& bank,
                              const std::vector<torch::Tensor>& batches);

/// One pass of a folded network over prepared images: everything it says. Throws Error(runtime) if a logit is not finite.
policy::RecordedTable record(const arch::NetDesc& folded, const PreparedImages& images, torch::Device device);

}  // namespace nachos::train
