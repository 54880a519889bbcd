#pragma once

#include "nn/storage.h"

#include <cstdint>

/// Convolutions whose training libtorch 1.13 does slowly on a CPU (docs/performance.md has the figures): plain pointers, no
/// torch, maps stored (N, H, W, C) in float32 or bfloat16, arithmetic and weights float32. Compiled once for each
/// instruction set, picked when the program runs.
namespace nachos::nn::kernels {

/// Sizes of a depthwise convolution with zero padding k / 2 and an odd kernel.
struct DepthwiseShape {
    std::int64_t h, w;          ///< input map
    std::int64_t out_h, out_w;  ///< output map
    std::int64_t c;             ///< channels, a multiple of 8
    std::int64_t stride;        ///< 1 or 2
    std::int64_t k;             ///< 3, 5 or 7
};

/// y (n, out_h, out_w, c) of x (n, h, w, c) and weight (c, k, k).
void depthwise_forward(const DepthwiseShape& s, std::int64_t n, const float* x, const float* weight, float* y);
void depthwise_forward(const DepthwiseShape& s, std::int64_t n, const BFloat16* x, const float* weight, BFloat16* y);

template <class T>
struct DepthwiseGradient {
    const T* x;           ///< (n, h, w, c)
    const T* dy;          ///< (n, out_h, out_w, c)
    const float* weight;  ///< (c, k, k)
    T* dx;                ///< receives (n, h, w, c)
    float* dweight;       ///< receives (c, k, k)
};

/// Both gradients of n images at once: each is read once.
void depthwise_backward(const DepthwiseShape& s, std::int64_t n, const DepthwiseGradient<float>& g);
void depthwise_backward(const DepthwiseShape& s, std::int64_t n, const DepthwiseGradient<BFloat16>& g);

/// Sizes of a 1x1 convolution of stride 1: rows = N*H*W.
struct PointwiseShape {
    std::int64_t rows;
    std::int64_t in, out;  ///< channels, multiples of 8
};

/// dweight (out, in) = dy^T x of x (rows, in) and dy (rows, out).
void pointwise_weight_gradient(const PointwiseShape& s, const BFloat16* x, const BFloat16* dy, float* dweight);

}  // namespace nachos::nn::kernels
