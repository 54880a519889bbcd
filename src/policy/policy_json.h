#pragma once

#include "core/json_reader.h"
#include "policy/thresholds.h"

namespace nachos::policy {

/// Keys are the members' names; a threshold that is off is null, as in the command line contract.
nlohmann::ordered_json to_json(const OperatingPoint& point);
nlohmann::ordered_json to_json(const Calibration& calibration);

/// Types are checked here, values by `check`. Throw Error(bad_data).
OperatingPoint point_from(const core::JsonReader& json);
Calibration calibration_from(const std::vector<core::JsonReader>& exits);

/// Checks a foreign point or calibration of a network with `exits` exits: sizes, everything finite, shares and temperatures
/// in range. Throws Error(bad_data) naming `where`.
void check(const OperatingPoint& point, int exits, const std::string& where);
void check(const Calibration& calibration, int exits, const std::string& where);

}  // namespace nachos::policy
