#pragma once

#include "arch/net_desc.h"

#include <cstdint>

namespace nachos::runtime {

/// Channels of a block of weights: one vector of the widest kind.
inline constexpr std::int64_t kBlock = 16;

/// Products of rows of features with a matrix, as 1x1 and dense convolutions and linear layers need them:
/// out[line][row][o] = activation(bias[o] + sum over segments s and j < k of
///                                in[line * line_step + row * row_step + s * segment_step + j] * weight[o][s][j]).
/// A dense convolution's segments are the rows of its kernel: what lies under one is contiguous in a map (H, W, C).
struct RowTiles {
    const float* in;
    const float* weight;  ///< (n / 16 rounded up, segments, k, 16), zeros behind the last channel
    const float* bias;    ///< (n / 16 rounded up, 16)
    float* out;           ///< (lines, rows, n)
    std::int64_t lines = 1, rows, n;
    std::int64_t segments = 1, k;
    std::int64_t line_step = 0, row_step, segment_step = 0;  ///< in floats
    arch::Activation activation;
};

/// On one thread, with the widest vectors of the machine.
void run(const RowTiles& tiles);

}  // namespace nachos::runtime
