#pragma once

#include "arch/net_desc.h"
#include "core/aligned.h"
#include "runtime/layer_op.h"
#include "runtime/staged_arena.h"

#include <functional>
#include <span>
#include <vector>

namespace nachos::runtime {

/// A network made ready to run with XNNPACK, exit by exit: packed weights and one arena. What lies behind an exit is not
/// computed before it is asked for, and only for the samples kept. For one thread at a time.
class Engine {
  public:
    /// `net` folded, with weights. Throws Error(runtime) if XNNPACK refuses a layer, or the activations
    /// take more than 4 GiB.
    Engine(const arch::NetDesc& net, int max_batch);

    int max_batch() const { return max_batch_; }
    int exit_count() const { return static_cast<int>(arena_.stages().size()); }

    /// Where the samples go before start(): (max_batch, H, W, C).
    std::span<float> input();
    /// A new batch of n <= max_batch samples stands in front of the first exit.
    void start(int n);
    /// Computes up to the next exit, and its head. Returns (n, K), or (n, K + 1) with the gate last; valid until the next
    /// call.
    std::span<const float> advance();
    /// Only these samples go on, rows of the last batch, ascending.
    void keep(std::span<const int> rows);

    /// Called after each layer with its output (n, H, W, C), which it may change; for measuring and tests. May be empty.
    using LayerHook = std::function<void(std::size_t layer, int n, float* output)>;
    void set_hook(LayerHook hook) { hook_ = std::move(hook); }

    std::int64_t arena_bytes() const { return static_cast<std::int64_t>(memory_.size() * sizeof(float)); }

  private:
    int max_batch_;
    std::vector<arch::Layer> layers_;  ///< without weights
    std::vector<LayerOp> ops_;
    StagedArena<float> arena_;
    core::AlignedFloats memory_;
    LayerHook hook_;
    int n_ = 0;
    std::size_t next_ = 0;  ///< exit that advance() goes to
};

}  // namespace nachos::runtime
