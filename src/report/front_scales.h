#pragma once

#include "report/results.h"
#include "report/svg.h"

namespace nachos::report {

/// The figure by which a chart shows a design: on the test split where that was read.
double accuracy_of(const DesignRow& design);

/// What the study trades accuracy against: average MACs, or average latency.
bool by_macs(const Results& results);
double cost_of(const Results& results, const study::ArchCosts& costs, const policy::OperatingPoint& point);
double cost_of(const Results& results, const DesignRow& design);
/// The limit on it.
std::optional<double> cost_limit(const Results& results);
/// Writes a round figure of it, its unit included where that is not MACs.
std::string (*cost_label(const Results& results))(double);

/// Logarithmic, over every evaluated point and the limit on the average cost; `from` and `to` are the chart's edges.
Scale cost_scale(const Snapshot& snapshot, const Results& results, double from, double to);

/// The front fills about the upper half; what lies far below it is left out. `from` is the lower edge.
Scale accuracy_scale(const Snapshot& snapshot, const Results& results, double from, double to);

}  // namespace nachos::report
