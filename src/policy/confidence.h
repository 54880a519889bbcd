#pragma once

#include "policy/table.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nachos::policy {

/// Confidence measures (method 4): all in [0, 1], higher is more confident. Formulas stand in measures().
enum class Measure { gate, cumulative_gate, score_margin, max_prob, entropy, patience };

struct MeasureRow {
    Measure measure;
    const char* name;     ///< as in configurations and model files
    const char* summary;  ///< formula and source
};
std::span<const MeasureRow> measures();
const char* to_string(Measure measure);
/// Throws Error(usage) listing the known names.
Measure measure_from(std::string_view name);

/// Per exit: class logits are divided by `temperature`; the gate's probability is sigmoid(slope * g + offset) (Platt).
struct Calibration {
    struct Exit {
        double temperature = 1;
        double gate_slope = 1;
        double gate_offset = 0;
    };
    std::vector<Exit> exits;  ///< empty = the identity

    Exit at(int exit) const { return exits.empty() ? Exit{} : exits[static_cast<std::size_t>(exit)]; }
};

/// A table seen through a measure and a calibration: all that thresholds need.
struct ExitView {
    int samples = 0;
    int exits = 0;
    std::vector<std::int32_t> labels;       ///< (N)
    std::vector<std::int32_t> predictions;  ///< (N, E)
    std::vector<float> confidences;         ///< (N, E); the final exit's are 1

    bool correct(int sample, int exit) const {
        return predictions[static_cast<std::size_t>(sample) * exits + exit] == labels[static_cast<std::size_t>(sample)];
    }
    float confidence(int sample, int exit) const { return confidences[static_cast<std::size_t>(sample) * exits + exit]; }
};

ExitView view(const RecordedTable& table, Measure measure, const Calibration& calibration);

/// Confidence at exit `exit` of one sample, given the logits of all exits up to it: what a device computes as it goes.
/// `logits` (exit + 1, K) row-major, `gates` (exit + 1). Equal to the entry of view() at every early exit; the final one's
/// is 1.
float confidence_at(Measure measure, const Calibration& calibration, std::span<const float> logits,
                    std::span<const float> gates, int exit, int classes);

/// The view of some samples.
ExitView select(const ExitView& view, const std::vector<int>& rows);

}  // namespace nachos::policy
