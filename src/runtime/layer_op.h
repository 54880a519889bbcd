#pragma once

#include "arch/net_desc.h"
#include "runtime/dense.h"
#include "runtime/depthwise.h"
#include "runtime/pool.h"

#include <memory>
#include <variant>
#include <vector>

struct xnn_operator;

namespace nachos::runtime {

/// Bytes XNNPACK may read behind the end of a buffer.
inline constexpr std::int64_t kReadBehindBytes = 16;

/// One layer ready to run on one thread, with XNNPACK where we have nothing faster: weights packed, batch norm folded
/// before. Maps are (N, H, W, C).
class LayerOp {
  public:
    /// Throws Error(runtime) if XNNPACK refuses it.
    explicit LayerOp(const arch::Layer& layer);

    /// `second` is the other input of add and scale. Buffers are readable kReadBehindBytes behind their ends. `out` overlaps
    /// no input.
    void run(int n, const float* in, const float* second, float* out);

  private:
    struct Delete {
        void operator()(xnn_operator* op) const;
    };
    using Operator = std::unique_ptr<xnn_operator, Delete>;

    void setup(std::size_t n, const float* in, const float* second, float* out);
    void flatten(int n, const float* in, float* out) const;

    arch::Layer layer_;  ///< without its weights
    std::variant<std::monostate, Depthwise, Dense, Pool> own_;
    Operator op_;  ///< empty where no operator is needed
    Operator hard_swish_;
};

}  // namespace nachos::runtime
