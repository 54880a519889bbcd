#pragma once

#include "model/model_file.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace nachos::exporting {

/// What one form of a model says of N images: the logits of every exit, and where each image leaves at each operating point.
struct Answers {
    std::vector<float> logits;         ///< (N, E, K)
    std::vector<std::int32_t> exits;   ///< (N, P), from 0
    std::vector<std::int32_t> labels;  ///< (N, P)
    /// (N, P), the reference's alone: the first and the last exit that a sample may leave at if its confidences are off by
    /// rounding (kConfidenceRounding). The same exit but where a confidence lies on a threshold.
    std::vector<std::int32_t> earliest = {}, latest = {};
};

/// The runtime's own. `pixels` (N, H, W, C) bytes of the model's size.
Answers reference_answers(const model::Model& model, std::span<const std::uint8_t> pixels);

/// How far a form is from the reference.
struct Verdict {
    std::int64_t samples = 0;
    double most_off = 0;                          ///< largest |logit - reference| / (1 + |reference|)
    std::int64_t exits_differ = 0;                ///< (sample, operating point) pairs that leave elsewhere
    std::int64_t labels_differ = 0;               ///< likewise, another class
    std::int64_t undecided = 0;                   ///< likewise, elsewhere because a confidence lies on a threshold: no fault
    std::optional<std::int64_t> first_differing;  ///< sample; of logits beyond the tolerance too
    std::string first_difference;                 ///< what differs there
    std::vector<double> accuracy, reference_accuracy;  ///< (P)
    std::vector<double> avg_macs, reference_avg_macs;  ///< (P)

    bool same() const { return !first_differing; }
};

inline constexpr double kLogitTolerance =
    1e-3;  ///< relative to 1 + |logit|: sums in another order stay a hundred times below

/// How far a confidence may be off, relative to its distance from 0 or 1, whichever is nearer: what logits do that are off
/// by a hundredth of kLogitTolerance, as a softmax or sigmoid moves by twice that.
inline constexpr double kConfidenceRounding = 5e-4;

/// `labels` (N). Both answers are of the same model and images; throws Error(runtime) if the form's have another size.
Verdict hold_against(const model::Model& model, const Answers& reference, const Answers& form,
                     std::span<const std::int32_t> labels);

}  // namespace nachos::exporting
