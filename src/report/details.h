#pragma once

#include "policy/thresholds.h"
#include "report/reliability.h"
#include "study/sample_images.h"
#include "study/store.h"

#include <optional>
#include <string>
#include <vector>

namespace nachos::report {

/// What the recorded tables of a trained network say beyond its operating points.
struct TrainedDetail {
    std::string name;  ///< of the trained network
    /// The front of (accuracy, average cost) as thresholds move, cheapest first, at most kFrontPoints; fitted and scored on
    /// the calibration part, so a little brighter than the operating points, which are cross-fitted.
    std::vector<policy::OperatingPoint> front = {};
    std::vector<ExitReliability> reliability = {};  ///< one entry an early exit
    bool reliability_on_test = false;               ///< else on the calibration part
    policy::ExitView samples = {};                  ///< of the study's sample images, in their order
};

inline constexpr int kFrontPoints = 60;

/// What is read from a study's files beside its database; what is not there is left empty.
struct Details {
    std::vector<TrainedDetail> trained = {};  ///< designs with early exits, no comparators
    std::optional<study::SampleImages> samples = {};
    std::string start = {};  ///< the log's line of the last start, as JSON: versions and machine
};

/// Throws Error(bad_data) if a file is damaged.
Details details(const study::Study& study, const std::vector<study::TrainedModel>& models);

}  // namespace nachos::report
