#pragma once

#include "arch/net_desc.h"
#include "core/aligned.h"

#include <cstdint>
#include <vector>

namespace nachos::runtime {

/// A depthwise convolution with its bias and activation, on one thread, maps (N, H, W, C). Ours because XNNPACK's takes one
/// output position at a time through pointers to its inputs: at the 8 to 96 channels of small networks it spends most of its
/// time on the pointers (docs/performance.md). Compiled once for each instruction set, picked when the program runs.
class Depthwise {
  public:
    /// `layer`: a convolution with as many groups as channels in and out, batch norm folded, with its weights.
    explicit Depthwise(const arch::Layer& layer);

    static bool fits(const arch::Layer& layer);

    void run(int n, const float* in, float* out);

  private:
    std::int64_t h_, w_, out_h_, out_w_, channels_, padding_;
    int kernel_, stride_;
    arch::Activation activation_;
    core::AlignedFloats weight_;  ///< (kernel, kernel, C)
    core::AlignedFloats bias_;    ///< (C)
    core::AlignedFloats padded_;  ///< one image with its border of zeros
};

}  // namespace nachos::runtime
