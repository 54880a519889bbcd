#include "train/class_loss.h"

#include "train/exit_probabilities.h"

namespace nachos::train {

using torch::Tensor;

Tensor class_losses(const Tensor& logits, const Tensor& labels, const LossOptions& options, const Tensor& teacher) {
    const Tensor log_p = torch::log_softmax(logits, 1);
    const Tensor hard = -log_p.gather(1, labels.unsqueeze(1)).squeeze(1);
    const Tensor target =
        options.label_smoothing > 0 ? hard * (1 - options.label_smoothing) - log_p.mean(1) * options.label_smoothing : hard;
    if (!teacher.defined() || options.distillation == 0) return target;
    const Tensor taught = -(teacher * log_p).sum(1);
    return target * (1 - options.distillation) + taught * options.distillation;
}

Tensor classification_loss(const nn::Outputs& outputs, const Tensor& labels, const LossOptions& options,
                           const Tensor& teacher) {
    const bool weighted = options.classification == "weighted" && outputs.logits.size() > 1;
    const Tensor p = weighted ? exit_probabilities(outputs.gates) : Tensor();
    Tensor sum;
    for (std::size_t i = 0; i < outputs.logits.size(); ++i) {
        Tensor loss = class_losses(outputs.logits[i], labels, options, teacher);
        if (weighted) loss = loss * p.select(1, static_cast<std::int64_t>(i));
        sum = sum.defined() ? sum + loss : loss;
    }
    return sum.mean();
}

}  // namespace nachos::train
