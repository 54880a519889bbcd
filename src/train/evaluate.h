#pragma once

#include "arch/search_space.h"
#include "cost/latency_table.h"
#include "nn/network.h"
#include "policy/confidence.h"
#include "policy/table.h"
#include "policy/thresholds.h"
#include "study/fidelity.h"
#include "train/tensors.h"
#include "train/trainer.h"

#include <functional>
#include <span>
#include <vector>

namespace nachos::train {

/// Exact costs in the form the study stores, and latencies where there is a table.
study::ArchCosts costs_of(const arch::NetDesc& net, const cost::LatencyTable* latency);

/// How thresholds are found.
struct CurveOptions {
    policy::Measure measure = policy::Measure::max_prob;
    std::vector<double> budgets;  ///< in `unit`
    bool published_rule = false;  ///< one point, for the last budget, by policy::published_rule on the whole table
    policy::TuneOptions tune = {};
    study::CostUnit unit = study::CostUnit::macs;  ///< of what the budgets limit
};

/// The curve of operating points of a recorded network: for each budget the best thresholds, cross-fitted. Their figures are
/// in executed MACs, whatever the budgets are in.
std::vector<study::CurvePoint> curve_of(const policy::RecordedTable& table, const study::ArchCosts& costs,
                                        const policy::Calibration& calibration, const CurveOptions& options);

/// What evaluating a candidate needs; read-only.
struct CandidateContext {
    const arch::SearchSpace& space;
    const nn::WeightBank& bank;    ///< the supernet's weights
    PreparedImages recalibration;  ///< of the training part, not augmented
    PreparedImages validation;
    CurveOptions curve;
    const cost::LatencyTable* latency = nullptr;  ///< nullptr = none
    study::Fidelity fidelity = {};
    /// Trains `bank`, which holds one network's weights, for `epochs`; not asked for at fidelity `inherit`. What differs
    /// between candidates comes from the architecture alone.
    std::function<void(nn::WeightBank& bank, const arch::ArchSpec& spec, int epochs)> train = {};
    /// Untrained weights of one network, for fidelity `scratch`.
    std::function<nn::WeightBank(const arch::ArchSpec& spec)> fresh = {};
    /// Stores a candidate's table and returns its file name. May be empty.
    std::function<std::string(const arch::ArchSpec&, const policy::RecordedTable&)> store_table = {};
};

/// The weights that the fidelity asks for, recalibrated and folded; runs the validation part once and fits thresholds. A
/// failure is an Evaluation with its reason, after a second attempt where that may help (memory, a library's exception);
/// only Error(stopped) leaves, and what store_table throws, which is no fault of the candidate.
study::Evaluation evaluate_candidate(const CandidateContext& context, const arch::ArchSpec& spec);

}  // namespace nachos::train
