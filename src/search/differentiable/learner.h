#pragma once

#include "data/dataset.h"
#include "data/parts.h"
#include "nn/relaxed_net.h"
#include "search/differentiable/arch_loss.h"
#include "search/differentiable/decode.h"
#include "train/loop.h"
#include "train/optimizer.h"

#include <memory>
#include <string>
#include <vector>

namespace nachos::search {

/// The training images in two: weights learn on one part, architectures on the other.
struct LearnerImages {
    data::Examples weights;
    data::Examples architectures;
};

/// Draws the second part class by class, at least one image of each; depends on the labels, the share and `rng` alone.
LearnerImages divide(const data::Examples& train, int classes, double share, const core::Rng& rng);

/// State of the search now and then, for whoever looks at it.
struct LearnerTrace {
    double progress = 0;    ///< share of the architecture steps, in [0, 1]
    double error = 0;       ///< mean class loss since the entry before
    double constraint = 0;  ///< mean of E[cost] / b - 1 since then
    double entropy = 0;     ///< of the policy, relative to chance, mean over the least, a middle and the largest budget
};

struct LearnerInput {
    const arch::SearchSpace& space;
    const nn::WeightBank& bank;    ///< the supernet's, while it is trained
    const data::Examples& images;  ///< of the architectures' part; not augmented
    const data::Normalisation& normalisation;
    train::LossOptions loss;
    std::vector<double> budgets;  ///< the study's grid, ascending MACs
    core::Rng rng;
    torch::Device device = torch::kCPU;
};

/// Learns the architectures of all budgets while the supernet is trained (method 7): every `every` steps of the weights one
/// of the policy, first-order, each shard with a budget and a sample of its own; the supernet is sampled from the policy
/// once that learns. Behind the last step it chooses the designs. Its state goes into the supernet's checkpoint.
class Learner : public train::CoLearner {
  public:
    /// What the input refers to must outlive it.
    Learner(const LearnerInput& input, const DifferentiableOptions& options);

    arch::Genome sample(core::Rng& rng) const override;
    void after_step(const train::LoopStep& step, train::Shards& shards) override;
    void save(core::TensorFile& file) const override;
    void load(const core::TensorFile& file, const std::string& where) override;

    const ArchPolicy& policy() const { return policy_; }
    const Multipliers& multipliers() const { return multipliers_; }
    const std::vector<LearnerTrace>& trace() const { return trace_; }
    /// One a budget; empty before the last step.
    const std::vector<DecodedDesign>& designs() const { return designs_; }

  private:
    struct ShardResult;

    void learn(const train::LoopStep& step, train::Shards& shards);
    ShardResult run_shard(const nn::WeightBank& weights, const torch::Tensor& x, const torch::Tensor& y, double budget,
                          core::Rng rng) const;
    void take_in(const std::vector<ShardResult>& results, train::Shards& shards);
    void choose(train::Shards& shards);
    Gumbel gumbel() const;
    data::Examples some_images(int count, const core::Rng& rng) const;
    torch::Tensor pixels_of(const data::Examples& images) const;
    torch::Tensor labels_of(const data::Examples& images) const;

    LearnerInput input_;
    DifferentiableOptions options_;
    nn::RelaxedNet relaxed_;
    CostModel costs_;
    ArchPolicy policy_;
    train::Optimizer optimizer_;
    Multipliers multipliers_;
    torch::Tensor right_, count_;  ///< decayed counts behind the support matrix (K, sites), (K)
    torch::Tensor support_;        ///< (K, sites); undefined at first
    double progress_ = -1;         ///< share of the architecture steps done; -1 = warming up
    LearnerTrace since_;           ///< sums since the last entry of the trace
    int since_steps_ = 0;
    std::vector<LearnerTrace> trace_;
    std::vector<DecodedDesign> designs_;
};

}  // namespace nachos::search
