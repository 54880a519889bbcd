#pragma once

#include "policy/table.h"
#include "search/archive.h"

#include <span>
#include <string>
#include <vector>

namespace nachos::report {

/// A trained network and what it said of the parts it is measured on.
struct MeasuredNetwork {
    study::ArchCosts costs;
    policy::RecordedTable calibration;
    policy::RecordedTable test;
};

/// What one arm of an ablation reached with one seed, on the test split, everything fitted on calibration.
struct AblationFigures {
    double hypervolume = 0;           ///< of the networks' curves, exits decided by the calibrated gate (method 6.6)
    double max_prob_hypervolume = 0;  ///< the same, decided by the largest class probability
    double accuracy = 0;          ///< at the limit: of the operating point most accurate on calibration, decided by the gate
    double avg_macs = 0;          ///< of that point
    double gate_error = 0;        ///< expected calibration error of the gates as trained, mean over early exits
    double calibrated_error = 0;  ///< the same after Platt scaling
    double untuned_accuracy = 0;  ///< with the threshold 0.5 at every gate as trained, mean over networks
    double untuned_avg_macs = 0;  ///< likewise
};

/// What figures are measured against.
struct AblationSetting {
    study::Limits limits;
    search::HypervolumeAxes axes;
    std::vector<double> budgets;  ///< MACs, ascending
};

/// Each network needs an early exit. Throws Error(runtime) if no operating point stays within a budget.
AblationFigures ablation_figures(std::span<const MeasuredNetwork> networks, const AblationSetting& setting);

struct AblationArm {
    std::string name;
    double cost_weight = 0;
    double support_weight = 0;
    std::vector<AblationFigures> seeds;  ///< one entry a seed, the same seeds in every arm
};

struct Ablation {
    std::string data;
    std::vector<std::uint64_t> seeds;
    std::vector<AblationArm> arms;
};

/// Mean and sample deviation over seeds of each figure, an arm a row; "change in hypervolume" is paired with the first arm
/// seed by seed.
std::string ablation_table(const Ablation& ablation);
std::string ablation_json(const Ablation& ablation);
std::string ablation_csv(const Ablation& ablation);

}  // namespace nachos::report
