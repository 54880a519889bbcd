#pragma once

#include "export/quantize.h"

#include <string>
#include <vector>

namespace nachos::cli {

/// What 8 bits cost at each operating point, as aligned text.
std::string losses_table(const std::vector<exporting::QuantizationLoss>& losses);

}  // namespace nachos::cli
