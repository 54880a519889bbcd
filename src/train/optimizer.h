#pragma once

#include "nn/weight_bank.h"
#include "train/options.h"

#include <torch/torch.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace nachos::train {

/// Half cosine from the peak to 0 over all steps, after a linear warm-up; `step` counts from 0.
double learning_rate_at(const OptimizerOptions& options, std::int64_t step, std::int64_t steps_per_epoch);

/// Replicas of other processes, whose gradients count alike.
struct GradientSum {
    int replicas = 0;  ///< there
    std::function<void(std::span<float>)> add =
        {};  ///< adds theirs, element by element; called in the same order everywhere
};

/// SGD with Nesterov momentum or AdamW over a bank, as torch::optim computes them; weight decay touches convolution and
/// linear weights alone. Its own because its state is kept by name, so that checkpoints read back in any libtorch. A tensor
/// without gradient (not sampled in this step) stays as it is.
class Optimizer {
  public:
    /// `phase` names the training in messages.
    Optimizer(nn::WeightBank& bank, const OptimizerOptions& options, std::string phase = "training");

    /// Takes the mean of the gradients that the replicas of the bank gathered up, in their order, leaves them without any,
    /// clips the norm and steps. Returns the norm before clipping. Throws Error(runtime) if it is not finite.
    double step(double learning_rate, const std::vector<nn::WeightBank>& replicas, const GradientSum& elsewhere = {});

    void save(core::TensorFile& file) const;
    void load(const core::TensorFile& file, const std::string& where);

  private:
    struct Slot {
        std::string name;
        torch::Tensor parameter;
        torch::Tensor momentum;
        torch::Tensor square;  ///< mean of squared gradients; AdamW alone
        float steps = 0;       ///< taken by this tensor; AdamW alone
        bool decayed = false;
    };
    struct Update;

    void sgd(double learning_rate, Update& update) const;
    void adamw(double learning_rate, Update& update);

    OptimizerOptions options_;
    std::string phase_;
    bool adamw_ = false;
    std::vector<Slot> slots_;
};

}  // namespace nachos::train
