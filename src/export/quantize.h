#pragma once

#include "model/model_file.h"

#include <cstdint>
#include <span>
#include <vector>

namespace nachos::exporting {

/// Images of a model's size with their classes.
struct LabelledImages {
    std::span<const std::uint8_t> pixels;  ///< (N, H, W, C)
    std::span<const std::int32_t> labels;  ///< (N)
};

/// The model in 8 bits, after training (docs/design/deployment.md): weights rounded to a scale an output channel, codes of
/// activations from the ranges that they take on `ranges` (a few hundred images of the training part), then temperatures,
/// gates and thresholds fitted anew on `calibration` for the same budgets. Throws Error(bad_data) if the network does not
/// fit into 32-bit sums, Error(inadmissible) if the cheapest budget cannot be met any more.
model::Model quantize(const model::Model& trained, std::span<const std::uint8_t> ranges, const LabelledImages& calibration);

/// The weights rounded and the codes chosen; calibration and thresholds as they were.
model::Model quantize_network(const model::Model& trained, std::span<const std::uint8_t> ranges);

/// What 8 bits cost at one operating point, held against the trained model's point of the same budget on the same images.
struct QuantizationLoss {
    double budget_macs = 0;
    double accuracy = 0, trained_accuracy = 0;
    double avg_macs = 0, trained_avg_macs = 0;
    double flips = 0;  ///< share of images that leave at another exit
};

/// For each operating point of `quantized`; both models run over all images with the thresholds that they have.
std::vector<QuantizationLoss> quantization_loss(const model::Model& quantized, const model::Model& trained,
                                                const LabelledImages& images);

}  // namespace nachos::exporting
