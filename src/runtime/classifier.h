#pragma once

#include "model/model_file.h"
#include "runtime/engine.h"
#include "runtime/quant_engine.h"
#include "runtime/runtime.h"

#include <cstdint>
#include <span>
#include <variant>
#include <vector>

namespace nachos::runtime {

/// Early-exit inference in batches: after each exit the samples that leave are taken out and the others go on together. For
/// one thread at a time.
class Classifier {
  public:
    /// `model` must outlive it; runs in integers if it has a quantization. Throws Error(runtime) if the network does not run
    /// on this machine.
    Classifier(const model::Model& model, int max_batch);

    int max_batch() const { return static_cast<int>(heard_.size()); }

    /// Classifies images (n, H, W, C), bytes of the model's size; any n. One Inference an image, in order; `heard`, if
    /// given, becomes what the exits that it passed said of each.
    std::vector<Inference> run(const policy::Thresholds& thresholds, std::span<const std::uint8_t> pixels,
                               std::vector<Heard>* heard = nullptr);
    /// The same into memory of the caller's, n <= max_batch(); allocates nothing. `results` (n).
    void run_batch(const policy::Thresholds& thresholds, std::span<const std::uint8_t> pixels, std::span<Inference> results);

  private:
    void start(std::span<const std::uint8_t> pixels, int n);

    const model::Model& model_;
    std::variant<Engine, QuantEngine> engine_;
    std::vector<float> scale_, offset_;  ///< per channel: input = byte * scale + offset
    // Of the batch under way; kept for their memory.
    std::vector<Heard> heard_;
    std::vector<int> waiting_;  ///< samples still under way
    std::vector<int> kept_;     ///< of those, as rows of the engine's last batch, the ones that go on
};

}  // namespace nachos::runtime
