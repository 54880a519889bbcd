#pragma once

#include "report/results.h"

#include <string>

namespace nachos::report {

/// Accuracy against average MACs: every evaluated point faint, the front as steps, the limits dashed, trained designs with
/// their accuracy on the test split.
std::string front_chart(const Snapshot& snapshot, const Results& results);

/// Hypervolume against evaluations; empty without history.
std::string hypervolume_chart(const Snapshot& snapshot);

/// One design stage by stage: a band as thick as the share of samples still on their way, which loses some at each exit.
std::string design_drawing(const DesignRow& design);

}  // namespace nachos::report
