#pragma once

#include "policy/confidence.h"
#include "policy/table.h"

#include <vector>

namespace nachos::policy {

/// Fits each exit's temperature (minimum of the negative log likelihood; Guo et al. 2017, arXiv 1706.04599, section 4.2) and
/// each gate's Platt scaling against "the exit is right" (Platt 1999, with his smoothed targets), both by safeguarded
/// Newton. Temperatures stay in [0.1, 10]. A gate that says nothing (all gates equal, or the exit always or never right)
/// keeps the identity, and so does the final exit's, which has none. O(iterations * N * E * K).
Calibration calibrate(const RecordedTable& table);

/// The samples whose confidence lies in one of `bins` equal parts of [0, 1]: bin b holds (b / bins, (b + 1) / bins], the
/// first one 0 too.
struct ReliabilityBin {
    int samples = 0;
    double confidence = 0;  ///< mean; 0 without samples
    double accuracy = 0;    ///< share of right predictions; 0 without samples
};

/// The reliability diagram of exit `exit`, confidence as in the view (Guo et al. 2017, section 2). `bins` is at least 1.
std::vector<ReliabilityBin> reliability_bins(const ExitView& view, int exit, int bins = 15);

/// Expected calibration error over those bins (Guo et al. 2017, equation 3): sum of share * |accuracy - mean confidence|; 0
/// without samples.
double expected_calibration_error(const ExitView& view, int exit, int bins = 15);

}  // namespace nachos::policy
