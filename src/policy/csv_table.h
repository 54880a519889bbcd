#pragma once

#include "policy/confidence.h"

#include <filesystem>
#include <string>
#include <vector>

namespace nachos::policy {

/// Reads the recorded outputs of any early-exit model: a header "label,pred_1,conf_1,...,pred_E,conf_E" (conf_E may be
/// absent), then a row a sample; higher confidence = more confident, on any scale. Labels and predictions are whole numbers
/// from 0 on; confidences are finite, held as float, the last exit's read and set to 1. Blanks around a field, CRLF and a
/// byte order mark are accepted. The text is never held as a whole: memory is that of the view and 4 MB. Throws
/// Error(bad_data) naming file, line (from 1, the header included) and column.
ExitView read_csv_table(const std::filesystem::path& path);

/// A number t that divides like the float `threshold` of such a view, for every reader: confidence >= t says the same in
/// float and in double, for all doubles that the view rounded to float. It lies halfway to the float below.
double portable_threshold(double threshold);

/// COSTS.json: {"unit": "macs", "executed": [c_1, ..., c_E]}, what a sample has spent when it leaves at each exit.
struct ExitCosts {
    std::string unit;
    std::vector<double> executed;  ///< positive and rising
};

/// Throws Error(bad_data) if it is not such a file, or the costs are not as many as `exits`, positive and rising.
ExitCosts read_exit_costs(const std::filesystem::path& path, int exits);

}  // namespace nachos::policy
