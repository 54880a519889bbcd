#pragma once

#include "cli/train_session.h"

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

/// Trains the contenders, job.workers of them at once, by the configuration's final training on train and validation
/// together, calibrates them, and only then opens the test split, once, for all of them. Two with the same architecture see
/// the same weights at the start and the same batches. Those whose name the study already holds are left as they are.
void train_and_measure(const Session& session, study::Study& study, const nn::WeightBank& supernet,
                       std::vector<Contender> contenders, const Job& job);

}  // namespace nachos::cli
