#pragma once

#include "arch/net_desc.h"
#include "nn/weight_bank.h"
#include "train/trainer.h"

#include <torch/torch.h>

namespace nachos::train {

/// The support set of method 3: images of the training part, equally many of each class, redrawn each epoch, left out of
/// that epoch's gradient steps; each exit's accuracy on each class is read from them in evaluation mode, unaugmented, in one
/// pass.
class SupportSet {
  public:
    /// All must outlive it. Inactive where the weight is 0 or the network has no early exit.
    SupportSet(const arch::NetDesc& net, const nn::WeightBank& bank, int epochs, const TrainingInput& input);

    /// Draws and measures for this epoch. Depends on the seed, the epoch and the weights alone, so a resumed training sees
    /// the same.
    void begin_epoch(int epoch);

    /// What this epoch's steps learn from.
    const data::Examples& rest() const { return matrix_.defined() ? rest_ : input_.examples; }
    /// support_matrix of this epoch; undefined before the support loss joins.
    const torch::Tensor& matrix() const { return matrix_; }

  private:
    const arch::NetDesc& net_;
    const nn::WeightBank& bank_;
    const TrainingInput& input_;
    int first_epoch_;
    data::Examples rest_;
    torch::Tensor matrix_;
};

}  // namespace nachos::train
