#pragma once

#include "policy/thresholds.h"

#include <optional>
#include <string>
#include <vector>

namespace nachos::report {

/// 412300 -> "412.3 k", 3935184 -> "3.94 M"; three or four significant digits.
std::string count_text(double value);

/// The same without trailing zeros, for round figures: 500000 -> "500 k".
std::string short_count_text(double value);

/// 24576 -> "24.6 kB".
std::string bytes_text(double value);

/// 123.4 -> "123.4 us", 1234 -> "1.23 ms".
std::string time_text(double us);

/// The same, "-" for nothing.
std::string time_text(const std::optional<double>& us);

/// 0.9123 -> "91.23 %".
std::string percent_text(double share, int decimals = 2);

/// The same, "-" for nothing.
std::string percent_text(const std::optional<double>& share);

/// "0.83 off 0.71"; "-" if there is no early exit.
std::string thresholds_text(const policy::Thresholds& thresholds);

/// "62 25 13": percent of the samples that leave at each exit.
std::string shares_text(const std::vector<double>& shares);

}  // namespace nachos::report
