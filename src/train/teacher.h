#pragma once

#include "arch/search_space.h"
#include "nn/network.h"
#include "train/class_loss.h"
#include "train/options.h"
#include "train/trainer.h"

#include <torch/torch.h>

namespace nachos::train {

/// A network without exits, too large to be deployed, that trained designs learn from as well as from labels (Hinton,
/// Vinyals and Dean 2015, arXiv 1503.02531): what it says of the very image that they see (Beyer et al. 2022, arXiv
/// 2106.05237). Read-only once made: any number of threads may ask it.
class Teacher {
  public:
    /// `folded` as nn::to_desc returns it.
    Teacher(const arch::NetDesc& folded, const TeacherOptions& options, torch::Device device, torch::ScalarType maps);

    /// Of images (N, C, H, W) as TrainingInput::maps has them; without gradient.
    Taught of(const torch::Tensor& x) const;

  private:
    nn::FoldedNet net_;
    double share_;
    double temperature_;
};

/// Its structure: a residual network of three stages, `width` channels at full resolution, then twice and four times as many
/// at a half and a quarter of it, `depth` blocks each (space resnet8).
arch::NetDesc teacher_network(const TeacherOptions& options, const arch::TaskShape& task);

/// Trains one from labels alone, without smoothing, which would hide what it knows of other classes (Müller, Kornblith and
/// Hinton 2019, arXiv 1906.02629); goes on from input.checkpoint. Throws Error(runtime) if it diverges, Error(stopped).
Teacher train_teacher(const TeacherOptions& options, const arch::TaskShape& task, const TrainingInput& input);

}  // namespace nachos::train
