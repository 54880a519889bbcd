#pragma once

#include "report/results.h"
#include "report/svg.h"

namespace nachos::report {

/// The figure by which a chart shows a design: on the test split where that was read.
double accuracy_of(const DesignRow& design);

/// Logarithmic, over every evaluated point and the limit on average MACs; `from` and `to` are the chart's edges.
Scale cost_scale(const Snapshot& snapshot, const Results& results, double from, double to);

/// The front fills about the upper half; what lies far below it is left out. `from` is the lower edge.
Scale accuracy_scale(const Snapshot& snapshot, const Results& results, double from, double to);

}  // namespace nachos::report
