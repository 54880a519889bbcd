#pragma once

#include "optimize/surrogate.h"
#include "search/encoding.h"

#include <span>
#include <string>
#include <vector>

namespace nachos::cli {

/// Measured networks of the published once-for-all space, as rows that surrogates take.
struct BenchArchive {
    optimize::Rows rows;               ///< encoded, in the file's order
    std::vector<double> top1;          ///< percent
    std::vector<double> log_avg_macs;  ///< natural logarithm of average MACs, in the archive's accounting
};

/// What can be predicted of an archive's networks.
struct BenchTarget {
    const char* name;
    const char* unit;
    std::vector<double> BenchArchive::*values;
};
std::span<const BenchTarget> bench_targets();

/// Reads an archive: one JSON object a line with the genes `depth` (blocks per stage), `kernel` and `expand` (one per block
/// present), `threshold` (per exit; 1 = none there), `resolution`, and the measurements `top1` (%) and `avg_macs_m`
/// (millions). Encoded by search::Encoding, its exact costs included, and the thresholds behind. Throws Error(bad_data)
/// naming file, line, key and what stands there.
BenchArchive read_bench_archive(const std::string& path,
                                const search::EncodingOptions& encoding = {.one_hot = false, .costs = false});

}  // namespace nachos::cli
