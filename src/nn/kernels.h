#pragma once

#include <cstdint>

/// Inner loops that libtorch 1.13 does slowly on a CPU (docs/performance.md has the figures): plain pointers, no torch,
/// float32, maps stored (N, H, W, C). Compiled once for each instruction set, picked when the program runs. Results do not
/// depend on the number of threads: callers hand out whole channel blocks or fixed chunks.
namespace nachos::nn::kernels {

enum class Act { none, relu, hard_swish };

/// Sizes of a depthwise convolution with zero padding k / 2 and an odd kernel.
struct DepthwiseShape {
    std::int64_t n, h, w;       ///< input map
    std::int64_t out_h, out_w;  ///< output map
    std::int64_t c;             ///< channels, a multiple of 8
    std::int64_t stride;
    std::int64_t k;  ///< 3, 5 or 7
};

/// Channels handled by block `b` start at 16 b; there are (c + 15) / 16 blocks.
inline std::int64_t channel_blocks(const DepthwiseShape& s) { return (s.c + 15) / 16; }

/// Gradient of the weights for one channel block: dw (c, 1, k, k) receives this block's channels.
void depthwise_weight_gradient(const DepthwiseShape& s, const float* x, const float* dy, float* dw, std::int64_t block);

/// Batch norm over M = N*H*W rows of C channels, with the activation behind it. The unit of work is a chunk of kChunkRows
/// rows.
inline constexpr std::int64_t kChunkRows = 1024;

/// Per channel sums of (x - first row) and of its square over rows [begin, end): sums (2, C).
void shifted_sums(const float* x, const float* first, std::int64_t begin, std::int64_t end, std::int64_t c, float* sums);

/// y = act(x * a + b) over rows [begin, end).
void affine_act(const float* x, const float* a, const float* b, Act act, std::int64_t begin, std::int64_t end,
                std::int64_t c, float* y);

/// With d = dy * act'(x * a + b): per channel sums of d and of d * x over rows [begin, end): sums (2, C).
void gradient_sums(const float* x, const float* dy, const float* a, const float* b, Act act, std::int64_t begin,
                   std::int64_t end, std::int64_t c, float* sums);

/// dx = a * d + x * p + q over rows [begin, end), with d as above.
void affine_act_gradient(const float* x, const float* dy, const float* a, const float* b, const float* p, const float* q,
                         Act act, std::int64_t begin, std::int64_t end, std::int64_t c, float* dx);

}  // namespace nachos::nn::kernels
