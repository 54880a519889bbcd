#include "train/class_loss.h"

#include "train/exit_probabilities.h"

namespace nachos::train {

using torch::Tensor;

Tensor class_losses(const Tensor& logits, const Tensor& labels, const LossOptions& options, const Taught& taught) {
    const Tensor log_p = torch::log_softmax(logits, 1);
    const Tensor hard = -log_p.gather(1, labels.unsqueeze(1)).squeeze(1);
    const Tensor target =
        options.label_smoothing > 0 ? hard * (1 - options.label_smoothing) - log_p.mean(1) * options.label_smoothing : hard;
    if (!taught.probabilities.defined() || taught.share == 0) return target;
    const double t = taught.temperature;
    const Tensor own = t == 1 ? log_p : torch::log_softmax(logits / t, 1);
    const Tensor soft = (torch::xlogy(taught.probabilities, taught.probabilities) - taught.probabilities * own).sum(1);
    return target * (1 - taught.share) + soft * (taught.share * t * t);
}

Tensor classification_loss(const nn::Outputs& outputs, const Tensor& labels, const LossOptions& options,
                           const Taught& taught) {
    const std::size_t exits = outputs.logits.size();
    const bool weighted = options.classification == "weighted" && exits > 1;
    const Tensor p = weighted ? exit_probabilities(outputs.gates) : Tensor();
    Tensor sum;
    for (std::size_t i = 0; i < exits; ++i) {
        const bool early = i + 1 < exits;
        Tensor loss = class_losses(outputs.logits[i], labels, options, early || taught.final_exit ? taught : Taught{});
        if (weighted) loss = loss * p.select(1, static_cast<std::int64_t>(i));
        if (early && options.early_weight != 1) loss = loss * options.early_weight;
        sum = sum.defined() ? sum + loss : loss;
    }
    return sum.mean();
}

}  // namespace nachos::train
