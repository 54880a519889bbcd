#pragma once

#include "policy/table.h"

#include <cstdint>
#include <span>

namespace nachos::policy {

/// Average cost of a recorded network whose samples leave by chance, as its gates say (method 3): mean_n sum_i p_i cost(i)
/// with p_i = c_i prod_{j<i} (1 - c_j), c_i = sigmoid(gate + offset), c_E = 1. No thresholds, no calibration. `offsets` (E -
/// 1), `executed` (E) costs.
double stick_breaking_cost(const RecordedTable& table, std::span<const double> offsets,
                           std::span<const std::int64_t> executed);

}  // namespace nachos::policy
