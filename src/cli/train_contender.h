#pragma once

#include "cli/train_session.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace nachos::cli {

/// A network to be trained, calibrated and measured in the end: a design of the search, or what it is compared with.
struct Contender {
    std::string name;  ///< unique in the study; names its files
    bool comparator = false;
    arch::ArchSpec arch;
    train::LossOptions loss;
    std::string measure;                             ///< a row of policy::measures()
    std::optional<study::Evaluation> searched = {};  ///< the search's figures of a design
    std::string network = {};  ///< the contender whose trained network it is, taken by another measure; empty = its own
};

/// Final training of contenders in groups, and one look at the test split for all of them. Contenders whose name the study
/// already holds are left as they are.
class FinalStage {
  public:
    /// All must outlive it. `max_avg_macs` is what the cost regularizer aims at.
    FinalStage(const Session& session, study::Study& study, const nn::WeightBank& supernet,
               std::optional<double> max_avg_macs, const Job& job);
    ~FinalStage();
    FinalStage(const FinalStage&) = delete;
    FinalStage& operator=(const FinalStage&) = delete;

    /// Trains, job.workers at once, by the configuration's final training on train and validation together, and calibrates.
    /// Two contenders with the same architecture see the same weights at the start and the same batches. `phase` names the
    /// step in progress reports.
    void train(std::vector<Contender> contenders, const std::string& phase);

    /// The designs trained so far, now or before: curves as measured on calibration.
    std::vector<study::Evaluation> designs() const;

    /// Opens the test split, once, for all that was trained here, and stores models and figures. Nothing to do if none was.
    void measure();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace nachos::cli
