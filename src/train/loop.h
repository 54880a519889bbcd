#pragma once

#include "core/rng.h"
#include "core/safetensors.h"
#include "nn/weight_bank.h"
#include "train/optimizer.h"
#include "train/options.h"
#include "train/shard_pool.h"
#include "train/trainer.h"

#include <cstdint>
#include <functional>
#include <string>

namespace nachos::train {

/// Adds one shard's gradients to a replica of the bank; returns the loss to report. `rng` is the same for all shards of a
/// step.
using StepFn =
    std::function<double(const nn::WeightBank& bank, const torch::Tensor& x, const torch::Tensor& y, core::Rng rng)>;

/// Called before each epoch; returns the examples it learns from, at most input.examples. They stay until the next call.
using EpochFn = std::function<const data::Examples&(int epoch)>;

/// Which shards of a batch this process has, and what runs them.
struct Shards {
    int all = 1;  ///< on all ranks together
    int first = 0;
    int count = 1;
    ShardPool& pool;
    exec::Ranks* ranks = nullptr;
};

/// The gradients of the shards that other ranks have.
GradientSum gradients_elsewhere(const Shards& shards);

struct LoopStep {
    std::int64_t index = 0;  ///< from 0, over all epochs
    std::int64_t count = 0;  ///< in all
};

/// What learns beside the bank, between two of its steps.
class Companion {
  public:
    virtual ~Companion() = default;

    /// Called after each step on all ranks alike; the pool is idle.
    virtual void after_step(const LoopStep& step, Shards& shards) = 0;
    /// Its state joins the bank's checkpoint.
    virtual void save(core::TensorFile& file) const = 0;
    virtual void load(const core::TensorFile& file, const std::string& where) = 0;
};

/// What learns beside a supernet.
class CoLearner : public Companion {
  public:
    /// An architecture for the supernet to train; called by several threads at once, not while after_step runs.
    virtual arch::Genome sample(core::Rng& rng) const = 0;
};

/// Epoch after epoch, step after step, with a checkpoint after each epoch, on the threads and ranks that share a batch's
/// shards. Throws Error(runtime) if it diverges, Error(stopped) where input.should_stop asks for it.
void run_loop(nn::WeightBank& bank, const OptimizerOptions& options, const TrainingInput& input, const StepFn& step,
              const EpochFn& begin_epoch, Companion* companion = nullptr);

}  // namespace nachos::train
