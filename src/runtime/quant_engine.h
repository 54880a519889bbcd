#pragma once

#include "runtime/quant_net.h"
#include "runtime/staged_arena.h"

#include <cstdint>
#include <span>
#include <vector>

namespace nachos::runtime {

/// Engine's counterpart for an int8 model: the same way from exit to exit, in integers and in plain C++. For one thread at a
/// time.
class QuantEngine {
  public:
    /// `model` has a quantization. Throws as quant_net() does, and Error(runtime) if activations take more than 4 GiB.
    QuantEngine(const model::Model& model, int max_batch);

    int max_batch() const { return max_batch_; }
    int exit_count() const { return static_cast<int>(arena_.stages().size()); }

    /// A new batch of n <= max_batch images (n, H, W, C), in bytes, stands in front of the first exit.
    void start(int n, std::span<const std::uint8_t> pixels);
    /// As Engine's.
    std::span<const float> advance();
    void keep(std::span<const int> rows);

  private:
    void run(const QuantLayer& layer, std::size_t i);

    int max_batch_;
    QuantNet net_;
    StagedArena<std::int8_t> arena_;
    std::vector<std::int8_t> memory_;
    std::vector<float> outputs_;      ///< (max_batch, width) of the exit last reached
    std::vector<std::int32_t> sums_;  ///< of one position
    int n_ = 0;
    std::size_t next_ = 0;
};

}  // namespace nachos::runtime
