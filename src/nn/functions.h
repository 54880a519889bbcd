#pragma once

#include "arch/net_desc.h"

#include <torch/torch.h>

/// Layers for training. Weights and vectors (N, C) are float32; maps (N, C, H, W) are float32 or bfloat16, and a layer gives
/// what it is given: narrower maps, sums in float32.
namespace nachos::nn {

/// Batch statistics of the channels of x (N, C, H, W): mean and biased variance, each (C).
struct BatchStats {
    torch::Tensor mean;
    torch::Tensor variance;
};

/// act(batch_norm(x)) with the batch's own statistics, differentiable in x, scale and shift; `stats`, if given, receives the
/// statistics. On the CPU in channels-last one fused pass instead of libtorch's three, equal within rounding; elsewhere
/// libtorch's.
torch::Tensor batch_norm_act(const torch::Tensor& x, const torch::Tensor& scale, const torch::Tensor& shift,
                             arch::Activation activation, double epsilon, BatchStats* stats = nullptr);

/// The same in place of a map (rows = N*H*W, C) in memory, on the CPU, without a gradient; returns its statistics.
BatchStats batch_norm_act_in_place(float* map, std::int64_t rows, const torch::Tensor& scale, const torch::Tensor& shift,
                                   arch::Activation activation, double epsilon);

/// Depthwise convolution, padding k / 2, differentiable. On the CPU in channels-last our own kernels, for kernels of
/// 3, 5 and 7, strides 1 and 2, and channels in multiples of 8.
torch::Tensor depthwise_conv(const torch::Tensor& x, const torch::Tensor& weight, int stride);

struct ConvShape {
    int stride = 1;
    int padding = 0;
};

/// Dense convolution, differentiable; `bias` may be undefined.
torch::Tensor conv(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias, const ConvShape& shape);

/// x (N, C, H, W) times one number per image and channel, `scale` (N, C) float32, differentiable in both.
torch::Tensor scale_channels(const torch::Tensor& x, const torch::Tensor& scale);

/// Mean over the map, (N, C, H, W) to float32 (N, C), differentiable.
torch::Tensor global_average_pool(const torch::Tensor& x);

}  // namespace nachos::nn
