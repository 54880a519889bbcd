#pragma once

#include "model/model_file.h"

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace nachos::runtime {

/// Runs one layer after the other in plain C++, straight from the definitions: the reference every faster path is compared
/// with. `input` (C, H, W). Stops where `stop(exit, output)` returns true, `output` being (K) or (K + 1) with the gate; work
/// behind that exit is not done. Returns the index of the exit reached.
int run_staged(const arch::NetDesc& net, std::span<const float> input,
               const std::function<bool(int exit, std::span<const float> output)>& stop);

/// What an inference says.
struct Inference {
    int predicted = 0;
    double confidence = 0;  ///< of the exit taken, in the model's measure; the final exit: max probability
    int exit = 0;
    std::int64_t macs = 0;  ///< executed
};

/// What the exits passed so far have said of one sample.
struct Heard {
    std::vector<float> logits;
    std::vector<float> gates;
};

/// Whether a sample leaves at `exit`, whose output (K) or (K + 1) joins `heard`; if so, `result` says how.
bool leaves(const model::Model& model, const policy::Thresholds& thresholds, int exit, std::span<const float> output,
            Heard& heard, Inference& result);

/// One image on the reference path, with the thresholds given. `pixels` (H, W, C) bytes of the model's size.
Inference infer(const model::Model& model, const policy::Thresholds& thresholds, std::span<const std::uint8_t> pixels);

/// Bytes to the network's input (C, H, W): (v / 255 - mean) / std.
std::vector<float> preprocess(const model::Preprocessing& p, std::span<const std::uint8_t> pixels);

}  // namespace nachos::runtime
