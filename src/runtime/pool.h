#pragma once

#include "arch/net_desc.h"

namespace nachos::runtime {

/// Max pooling, or the mean of a map, with what activation behind it; maps (N, H, W, C), one thread. Ours because maps of
/// small networks are done before a library's operator has been set up.
class Pool {
  public:
    explicit Pool(const arch::Layer& layer) : layer_(layer) {}

    static bool fits(const arch::Layer& layer);

    void run(int n, const float* in, float* out) const;

  private:
    arch::Layer layer_;
};

}  // namespace nachos::runtime
