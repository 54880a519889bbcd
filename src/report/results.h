#pragma once

#include "report/reliability.h"
#include "search/archive.h"
#include "search/learnt.h"
#include "study/store.h"

#include <string>
#include <vector>

namespace nachos::report {

/// Everything a report shows, read from a study once.
struct Snapshot {
    study::Facts facts;
    std::string config;
    std::vector<study::Evaluation> evaluations;
    std::vector<study::TrainedModel> models;
    std::vector<study::HistoryStep> history;
    std::vector<study::TestRead> test_reads;
    std::vector<ExitReliability> reliability = {};  ///< of the best design's exits; empty = not read
    std::vector<search::LearntDesign> learnt = {};  ///< of the differentiable engine
    std::string learnt_collapse = {};               ///< why they are no answer; empty = they are one

    search::HypervolumeAxes axes() const {
        return {facts.min_cost, facts.max_cost, facts.max_error, study::cost_unit_from(facts.cost, "the study")};
    }
};
Snapshot read(const study::Study& study);
/// The same without evaluations.
Snapshot read_without_evaluations(const study::Study& study);

/// One design, with what is known of it.
struct DesignRow {
    std::string id;  ///< arch id and the budget its thresholds were fitted for
    arch::ArchSpec arch;
    std::string measure;
    std::optional<double> search_accuracy;  ///< in [0, 1], on the part of that name; nothing = not yet measured
    std::optional<double> calibration_accuracy;
    std::optional<double> test_accuracy;
    policy::OperatingPoint point;  ///< on the part it was chosen by: calibration once trained, else validation
    double avg_macs_paper = 0;
    std::optional<double> avg_latency_us;           ///< by the study's latency table; nothing without one
    std::optional<double> measured_avg_latency_us;  ///< the same from times of the trained network itself
    study::ArchCosts costs;
    std::vector<study::Violation> violations;
    std::string model_file;  ///< empty = searched only

    bool admissible() const { return violations.empty(); }
    bool trained() const { return !model_file.empty(); }
};

enum class Stage { final, searched };

/// The designs of a study under limits, and the hypervolume of what they were taken from (axes as the study fixed them).
struct Results {
    double hypervolume = 0;
    search::HypervolumeAxes axes;
    study::Limits limits;
    std::vector<DesignRow> designs;  ///< admissible and non-dominated by (accuracy, average cost), cheapest first
    std::vector<DesignRow> nearest;  ///< if there are none: the nearest, least violation first
};

/// With Stage::final and trained networks in the study, the designs are their operating points, by their figures on the
/// calibration part; else those of the search, by their figures on the validation part.
Results results(const Snapshot& snapshot, const study::Limits& limits, Stage stage = Stage::final);

/// "max_avg_macs is 523.1 k, 4.6 % beyond 500.0 k": one violation in words.
std::string violation_text(const study::Violation& violation);

/// What keys of JSON call a cost in that unit: "macs" or "latency_us", behind "min_", "max_" and so on.
std::string key_of(study::CostUnit unit);

/// pareto.json of the contract: the same study gives the same bytes.
std::string pareto_json(const Results& results);
std::string pareto_csv(const Results& results);
/// The designs (or, if there are none, the nearest) as aligned text.
std::string pareto_table(const Results& results);

}  // namespace nachos::report
