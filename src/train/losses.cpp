#include "train/losses.h"

#include "train/cost_loss.h"
#include "train/support_loss.h"

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

namespace {

/// Weights (N) that give right and wrong samples half of the sum each.
Tensor balancing(const Tensor& right) {
    const double n = static_cast<double>(right.size(0)), positive = right.sum().item<double>();
    if (positive == 0 || positive == n) return torch::ones_like(right);
    return right * (n / (2 * positive)) + (1 - right) * (n / (2 * (n - positive)));
}

}  // namespace

Tensor gate_loss(const nn::Outputs& outputs, const Tensor& labels, bool balanced) {
    const std::size_t early = outputs.logits.size() - 1;
    Tensor sum = torch::zeros({}, outputs.logits.back().options());
    for (std::size_t i = 0; i < early; ++i) {
        const Tensor right = outputs.logits[i].detach().argmax(1).eq(labels).to(outputs.gates[i].scalar_type());
        sum = sum + torch::binary_cross_entropy_with_logits(outputs.gates[i], right, balanced ? balancing(right) : Tensor());
    }
    return early == 0 ? sum : sum / static_cast<double>(early);
}

Tensor exit_loss(const nn::Outputs& outputs, const Tensor& labels, const LossOptions& options, const LossContext& context) {
    Tensor loss = torch::zeros({}, outputs.logits.back().options());
    if (outputs.logits.size() == 1) return loss;
    if (options.gate_weight > 0) loss = loss + gate_loss(outputs, labels, options.gate == "balanced") * options.gate_weight;
    if (options.cost_weight > 0 && context.max_avg_macs && !context.cost.empty()) {
        loss = loss +
               cost_loss(exit_probabilities(outputs.gates), context.cost, *context.max_avg_macs, options.cost_normaliser) *
                   options.cost_weight;
    }
    if (options.support_weight > 0 && context.support.defined())
        loss = loss + support_loss(outputs.gates, labels, context.support) * options.support_weight;
    return loss;
}

Tensor total_loss(const nn::Outputs& outputs, const Tensor& labels, const LossOptions& options, const Tensor& teacher,
                  const LossContext& context) {
    return classification_loss(outputs, labels, options, teacher) * options.class_weight +
           exit_loss(outputs, labels, options, context);
}

}  // namespace nachos::train
