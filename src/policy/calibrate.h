#pragma once

#include "policy/confidence.h"
#include "policy/table.h"

namespace nachos::policy {

/// Fits each exit's temperature (minimum of the negative log likelihood; Guo et al. 2017, arXiv 1706.04599, section 4.2) and
/// each gate's Platt scaling against "the exit is right" (Platt 1999, with his smoothed targets), both by safeguarded
/// Newton. Temperatures stay in [0.1, 10]. A gate that says nothing (all gates equal, or the exit always or never right)
/// keeps the identity, and so does the final exit's, which has none. O(iterations * N * E * K).
Calibration calibrate(const RecordedTable& table);

/// Expected calibration error with equal-width bins (Guo et al. 2017, equation 3): sum over bins of share * |accuracy -
/// mean confidence|. Of exit `exit`, confidence as in the view.
double expected_calibration_error(const ExitView& view, int exit, int bins = 15);

}  // namespace nachos::policy
