#pragma once

#include "arch/net_desc.h"

#include <torch/torch.h>

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

/// Depthwise convolution, padding k / 2, differentiable. On the CPU in channels-last the weights' gradient is our own
/// kernel: oneDNN 2.x is 10 times slower there for kernels above 3.
torch::Tensor depthwise_conv(const torch::Tensor& x, const torch::Tensor& weight, int stride);

/// Mean over the map, (N, C, H, W) to (N, C), differentiable.
torch::Tensor global_average_pool(const torch::Tensor& x);

}  // namespace nachos::nn
