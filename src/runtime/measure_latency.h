#pragma once

#include "core/progress.h"
#include "cost/latency_table.h"
#include "runtime/latency_probe.h"

#include <span>
#include <vector>

namespace nachos::runtime {

/// Measured beside predicted, at one exit of one design.
struct LatencyPair {
    int design = 0;
    int exit = 0;
    bool last = false;  ///< the whole network
    double predicted_us = 0;
    double measured_us = 0;
};

struct MeasuredLatencies {
    cost::LatencyTable table;  ///< layers, overheads, check; the rest is left to the caller
    std::vector<LatencyPair> pairs;
};

/// Measures every layer of `networks` inside them, and whole inferences; what those take beyond their layers is the
/// overhead an inference and an exit (medians). Then predicts `designs`, which are measured in the same visits, and
/// compares. All of one input and number of classes; weights may be empty. Times are of the calling thread.
MeasuredLatencies measure_latencies(std::span<const arch::NetDesc> networks, std::span<const arch::NetDesc> designs,
                                    const ProbeOptions& options, const core::ProgressFn& progress);

}  // namespace nachos::runtime
