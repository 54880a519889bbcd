#pragma once

#include "policy/calibrate.h"
#include "study/store.h"

#include <string>
#include <vector>

namespace nachos::report {

/// How often an exit is right where it says how sure it is, before and after its calibration.
struct ExitReliability {
    std::vector<policy::ReliabilityBin> before;
    std::vector<policy::ReliabilityBin> after;
    double error_before = 0;  ///< expected calibration error
    double error_after = 0;
};

/// One entry an early exit, by the measure. Calibration is fitted on `calibration`; the figures are those of `measured`.
std::vector<ExitReliability> reliability(const policy::RecordedTable& calibration, const policy::RecordedTable& measured,
                                         policy::Measure measure);

/// Of a trained network, from its recorded tables: on the test split where it was measured there, else on calibration. Empty
/// where its tables are gone.
std::vector<ExitReliability> reliability(const study::Study& study, const study::TrainedModel& model);

/// A diagram an exit, side by side: accuracy against confidence, each dot as large as its share of the samples.
std::string reliability_chart(const std::vector<ExitReliability>& exits);

}  // namespace nachos::report
