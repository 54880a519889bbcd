#pragma once

#include "study/evaluation.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nachos::study {

/// What is fixed when a study is created and every viewer needs, beside the configuration's text.
struct Facts {
    std::string data;  ///< name of the data set
    std::vector<std::string> class_names;
    int train_images = 0;  ///< parts of method 8
    int validation_images = 0;
    int calibration_images = 0;
    int test_images = 0;  ///< 0 = there is no test split
    std::string split_digest;
    std::string measure;                  ///< confidence measure of the searched designs, a row of policy::measures()
    std::string fidelity = "inherit";     ///< of the evaluations, see fidelities_from()
    std::vector<std::string> notes = {};  ///< sentences that every reader of the results must see
    Limits limits;
    std::string cost = "macs";  ///< what is traded against error, see cost_unit_from()
    double min_cost = 1;        ///< the hypervolume's axes (method 6.6), see search::HypervolumeAxes
    double max_cost = 2;
    double max_error = 1;
};

/// Everything that decides what an evaluation yields; nothing whose identity differs is ever replayed.
struct EvaluationIdentity {
    arch::ArchSpec arch;
    std::string fidelity;
    std::uint64_t seed = 0;
    std::string weights_digest;  ///< of the supernet
    std::string split_digest;
    int evaluator_version = 0;
    std::string training = {};  ///< options that a candidate was trained by; empty = its weights were inherited
};
std::string evaluation_key(const EvaluationIdentity& identity);

/// One operating point of a trained network, on each part it was measured on.
struct TrainedPoint {
    int budget_index = 0;
    double budget_macs = 0;
    double avg_macs_paper = 0;              ///< on the calibration part
    std::optional<double> search_accuracy;  ///< of the searched design it comes from, on the validation part
    policy::OperatingPoint calibration;     ///< thresholds and figures
    std::optional<policy::OperatingPoint> test;
};

/// A final-trained network.
struct TrainedModel {
    std::string name;  ///< unique in the study: the arch id of a design, or the comparator's name
    bool comparator = false;
    arch::ArchSpec arch;
    std::string measure;
    ArchCosts costs;
    std::string model_file;  ///< relative to the study's folder
    std::vector<TrainedPoint> points;
};

/// A trained network as an evaluation whose curve is its figures on the calibration part.
Evaluation calibrated_evaluation(const TrainedModel& model);

/// A trained network's recorded tables, relative to the study's folder.
std::string calibration_table_file(const std::string& name);
std::string test_table_file(const std::string& name);

/// State of the search after one batch, as search::SearchStep tells it; the models' names are empty where none were used.
struct HistoryStep {
    int evaluations = 0;
    double hypervolume = 0;
    double feasible_share = 0;
    double seconds = 0;  ///< what the batch took, choosing included; never part of a result
    std::string error_model = {};
    double error_kendall = 0;
    double error_rmse = 0;
    std::string cost_model = {};
    double cost_kendall = 0;
    double cost_rmse = 0;

    bool operator==(const HistoryStep&) const = default;
};

/// One opening of the test split.
struct TestRead {
    std::string time;  ///< UTC, ISO 8601
    std::string purpose;
};

}  // namespace nachos::study
