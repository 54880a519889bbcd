#pragma once

#include "cost/latency_table.h"

#include <string>

namespace nachos::cli {

/// This machine, as a table of latencies names it.
cost::Device this_device();

/// Reads LUT.json. Throws Error(bad_data).
cost::LatencyTable read_latency_table(const std::string& path);

/// Identifies a table, however its text is laid out.
std::string digest_of(const cost::LatencyTable& table);

/// One sentence on stderr if the table was measured elsewhere.
void warn_of_mismatch(const cost::LatencyTable& table, const std::string& path);

}  // namespace nachos::cli
