#pragma once

#include "nn/storage.h"

#include <cstdint>

/// Inner loops of batch norm that libtorch 1.13 does slowly on a CPU (docs/performance.md has the figures): plain pointers,
/// no torch, maps stored (N, H, W, C) in float32 or bfloat16, arithmetic float32. Compiled once for each instruction set,
/// picked when the program runs. Results do not depend on the number of threads: callers hand out fixed chunks.
namespace nachos::nn::kernels {

enum class Act { none, relu, hard_swish };

/// Batch norm over M = N*H*W rows of C channels, with the activation behind it. The unit of work is a chunk of kChunkRows
/// rows.
inline constexpr std::int64_t kChunkRows = 1024;

/// Per channel sums of (x - shift) and of its square over rows [begin, end): sums (2, C).
void shifted_sums(const float* x, const float* shift, std::int64_t begin, std::int64_t end, std::int64_t c, float* sums);
void shifted_sums(const BFloat16* x, const float* shift, std::int64_t begin, std::int64_t end, std::int64_t c, float* sums);

/// y = act(x * a + b) over rows [begin, end).
void affine_act(const float* x, const float* a, const float* b, Act act, std::int64_t begin, std::int64_t end,
                std::int64_t c, float* y);
void affine_act(const BFloat16* x, const float* a, const float* b, Act act, std::int64_t begin, std::int64_t end,
                std::int64_t c, BFloat16* y);

/// With d = dy * act'(x * a + b): per channel sums of d and of d * x over rows [begin, end): sums (2, C).
void gradient_sums(const float* x, const float* dy, const float* a, const float* b, Act act, std::int64_t begin,
                   std::int64_t end, std::int64_t c, float* sums);
void gradient_sums(const BFloat16* x, const BFloat16* dy, const float* a, const float* b, Act act, std::int64_t begin,
                   std::int64_t end, std::int64_t c, float* sums);

/// dx = a * d + x * p + q over rows [begin, end), with d as above.
void affine_act_gradient(const float* x, const float* dy, const float* a, const float* b, const float* p, const float* q,
                         Act act, std::int64_t begin, std::int64_t end, std::int64_t c, float* dx);
void affine_act_gradient(const BFloat16* x, const BFloat16* dy, const float* a, const float* b, const float* p,
                         const float* q, Act act, std::int64_t begin, std::int64_t end, std::int64_t c, BFloat16* dx);

}  // namespace nachos::nn::kernels
