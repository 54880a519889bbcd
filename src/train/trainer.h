#pragma once

#include "arch/search_space.h"
#include "core/progress.h"
#include "data/loader.h"
#include "data/parts.h"
#include "exec/ranks/ranks.h"
#include "nn/weight_bank.h"
#include "train/options.h"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace nachos::train {

class Teacher;  // train/teacher.h

/// What training needs beside its options.
struct TrainingInput {
    const data::Examples& examples;
    const data::Normalisation& normalisation;
    data::AugmentOptions augment;
    LossOptions loss;
    std::optional<double> max_avg_macs = {};  ///< M of the cost regularizer
    bool freeze_backbone = false;             ///< of train_network: only the early exits learn
    core::Rng rng;  ///< order, augmentation and sampled subnets; the same rng gives the same weights
    torch::Device device = torch::kCPU;
    torch::ScalarType maps = torch::kFloat;  ///< number type that maps are kept in: kFloat, kBFloat16 (on a CPU)
    std::filesystem::path checkpoint;        ///< written after each epoch and gone on from if it exists; empty = none
    core::ProgressFn progress;               ///< may be empty
    std::function<bool()> should_stop;       ///< asked after each checkpoint; true throws Error(stopped); may be empty
    std::string phase;                       ///< name of the step in progress reports
    const Teacher* teacher = nullptr;  ///< of train_network: teaches every exit; nothing = the final exit the early ones
    exec::Ranks* ranks = nullptr;      ///< that share the shards; nothing = this process alone has all
};

class CoLearner;  // train/loop.h

/// Trains the supernet by the sandwich rule with in-place distillation (Yu and Huang 2019, arXiv 1903.05134, algorithm 1):
/// each step the largest architecture with every exit learns from labels, the smallest and some random ones also from its
/// softmax. Gradients add up, one step a batch. The largest's exits are also taught by its own final classifier. Throws
/// Error(runtime) if it diverges.
/// `learner`, if given, learns beside it and says which architectures are sampled.
void train_supernet(nn::WeightBank& bank, const arch::SearchSpace& space, const SupernetOptions& options,
                    const TrainingInput& input, CoLearner* learner = nullptr);

/// Trains one network and all its exits jointly; they are also taught by input.teacher, or without one the early exits by
/// the final one.
void train_network(nn::WeightBank& bank, const arch::NetDesc& net, const OptimizerOptions& options,
                   const TrainingInput& input);

/// Trains `net` by options.schedule (method 3): "joint" as train_network does, or "staged": `backbone`, the same network
/// without early exits, for its share of the epochs, then the exits, each stage with a learning rate schedule and a
/// checkpoint of its own. Without early exits there is one stage.
void train_by_schedule(nn::WeightBank& bank, const arch::NetDesc& net, const arch::NetDesc& backbone,
                       const FinalOptions& options, const TrainingInput& input);

}  // namespace nachos::train
