#pragma once

#include "core/rng.h"
#include "data/loader.h"
#include "data/parts.h"

#include <torch/torch.h>

#include <vector>

namespace nachos::train {

/// Bytes (N, H, W, C) to a float tensor (N, C, H, W) with channels-last strides, (v / 255 - mean) / std per channel. The
/// strides are channels-last for one channel too, where torch's own test cannot tell and would fall back to its slow layout.
torch::Tensor to_input(const std::vector<std::uint8_t>& pixels, int n, int height, int width,
                       const data::Normalisation& norm, torch::Device device);

/// Examples cut into batches, ready to be run many times.
struct PreparedImages {
    std::vector<torch::Tensor> batches;  ///< each (B, C, H, W), the last one shorter
    std::vector<std::int32_t> labels;    ///< (N)
};
PreparedImages prepare(const data::Examples& examples, const data::Normalisation& norm, int batch_size,
                       torch::Device device);

/// Images in a batch on which batch norm is measured: its statistics are means over batches, so they depend on it.
inline constexpr int kStatisticsBatch = 64;

/// The same for `count` examples drawn without replacement (all if there are fewer), a whole number of batches where
/// possible.
PreparedImages prepare_sample(const data::Examples& examples, int count, const data::Normalisation& norm, int batch_size,
                              torch::Device device, core::Rng rng);

}  // namespace nachos::train
