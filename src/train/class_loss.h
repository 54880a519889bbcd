#pragma once

#include "nn/network.h"
#include "train/options.h"

#include <torch/torch.h>

namespace nachos::train {

/// What a teacher says of a batch.
struct Taught {
    torch::Tensor probabilities = {};  ///< (N, K) softmax of its logits / temperature, no gradient; undefined = no teacher
    double share = 0.5;                ///< of the class loss that is the teacher's; [0, 1]
    double temperature = 1;            ///< T > 0, of the pupil too
    bool final_exit = true;            ///< false: the final exit learns from labels alone
};

/// Per sample (N), of logits z (N, K) and labels (N) int64: (1 - share) CE(z, y) + share T^2 KL(probabilities, z / T), whose
/// gradient is that of CE (Hinton, Vinyals and Dean 2015, arXiv 1503.02531, section 2), y smoothed by
/// options.label_smoothing; without a teacher the first term alone, whole.
torch::Tensor class_losses(const torch::Tensor& logits, const torch::Tensor& labels, const LossOptions& options,
                           const Taught& taught);

/// L_cls (method 3): "independent" mean_n sum_i w_i CE(z_i, y), or "weighted" mean_n sum_i w_i p_i CE(z_i, y), with
/// class_losses for CE; w_i is options.early_weight, of the final exit 1.
torch::Tensor classification_loss(const nn::Outputs& outputs, const torch::Tensor& labels, const LossOptions& options,
                                  const Taught& taught);

}  // namespace nachos::train
