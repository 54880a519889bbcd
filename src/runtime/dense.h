#pragma once

#include "arch/net_desc.h"
#include "core/aligned.h"

#include <cstdint>

namespace nachos::runtime {

/// A convolution without groups, or a linear layer, with its bias and activation, on one thread; maps (N, H, W, C). Ours
/// because XNNPACK hands out tiles of seven rows through a thread pool's callback: at the 1 to 64 channels of small networks
/// the callback costs more than the tile (docs/performance.md).
class Dense {
  public:
    /// `layer`: with batch norm folded and with its weights.
    explicit Dense(const arch::Layer& layer);

    static bool fits(const arch::Layer& layer);

    void run(int n, const float* in, float* out);

  private:
    arch::Shape in_, out_;
    int kernel_, stride_, padding_;
    arch::Activation activation_;
    core::AlignedFloats weight_;  ///< (out / 16 rounded up, kernel, kernel, in, 16), zeros behind the last channel
    core::AlignedFloats bias_;    ///< (out / 16 rounded up, 16)
    core::AlignedFloats padded_;  ///< one image with its border of zeros; empty where there is no border
};

}  // namespace nachos::runtime
