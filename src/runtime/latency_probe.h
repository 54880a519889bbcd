#pragma once

#include "core/rng.h"
#include "model/model_file.h"

#include <string>
#include <vector>

namespace nachos::runtime {

/// How often something is timed. Every network is visited `passes` times, so that what else the machine does falls on all
/// alike.
struct ProbeOptions {
    int passes = 7;       ///< visits of each network; at least 1
    int inferences = 12;  ///< timed in a visit, of layers and to each exit; at least 1
    int warm_up = 3;      ///< before them, not timed
};

/// Times of one network, batch 1, one thread, in microseconds; the clock's own time is taken off.
struct ProbedTimes {
    std::vector<std::vector<double>> layers;  ///< a list of samples a layer, measured while the network runs
    std::vector<std::vector<double>> exits;   ///< likewise of whole inferences that leave there, from bytes to the answer
};

/// A model to be timed: random weights of a sound size, neutral calibration, max_prob. `net` may have empty weights.
model::Model timing_model(arch::NetDesc net, core::Rng rng);

/// One visit; adds its samples to `times`. Throws as Engine does.
void probe(const model::Model& model, const ProbeOptions& options, ProbedTimes& times);

/// Whole inferences alone: the median a exit.
std::vector<double> exit_latencies_us(const model::Model& model, const ProbeOptions& options);

/// Keeps the calling thread on the core it runs on and returns its number; -1 where the system does not allow it.
int pin_thread();

}  // namespace nachos::runtime
