#pragma once

#include "arch/net_desc.h"
#include "core/aligned.h"

#include <cstdint>

namespace nachos::runtime {

/// A 1x1 convolution or linear layer with its bias and activation, on one thread: rows of `in` features to rows of `out`.
/// Ours because XNNPACK hands out tiles of seven rows through a thread pool's callback: at the 8 to 64 channels of small
/// networks the callback costs more than the tile (docs/performance.md).
class Pointwise {
  public:
    /// `layer`: with batch norm folded and with its weights.
    explicit Pointwise(const arch::Layer& layer);

    static bool fits(const arch::Layer& layer);

    void run(int n, const float* in, float* out) const;

  private:
    std::int64_t rows_, in_, out_;  ///< rows of one sample
    arch::Activation activation_;
    core::AlignedFloats weight_;  ///< (out / 16 rounded up, in, 16), zeros behind the last channel
    core::AlignedFloats bias_;    ///< likewise
};

}  // namespace nachos::runtime
