#include "train/losses.h"

namespace nachos::train {

using torch::Tensor;

Tensor exit_probabilities(const std::vector<Tensor>& gates) {
    std::vector<Tensor> columns;
    Tensor log_stay;  // log prod_{j<i} (1 - c_j)
    for (std::size_t i = 0; i + 1 < gates.size(); ++i) {
        const Tensor log_leave = torch::log_sigmoid(gates[i]);
        columns.push_back((log_stay.defined() ? log_stay + log_leave : log_leave).exp());
        const Tensor log_pass = torch::log_sigmoid(-gates[i]);
        log_stay = log_stay.defined() ? log_stay + log_pass : log_pass;
    }
    TORCH_CHECK(log_stay.defined(), "exit_probabilities needs an early exit");
    columns.push_back(log_stay.exp());
    return torch::stack(columns, 1);
}

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

Tensor gate_loss(const nn::Outputs& outputs, const Tensor& labels) {
    const std::size_t early = outputs.logits.size() - 1;
    Tensor sum = torch::zeros({}, outputs.logits.back().options());
    for (std::size_t i = 0; i < early; ++i) {
        const Tensor right = outputs.logits[i].detach().argmax(1).eq(labels).to(outputs.gates[i].scalar_type());
        sum = sum + torch::binary_cross_entropy_with_logits(outputs.gates[i], right);
    }
    return early == 0 ? sum : sum / static_cast<double>(early);
}

Tensor total_loss(const nn::Outputs& outputs, const Tensor& labels, const LossOptions& options, const Tensor& teacher) {
    Tensor loss = classification_loss(outputs, labels, options, teacher) * options.class_weight;
    if (outputs.logits.size() > 1 && options.gate_weight > 0) loss = loss + gate_loss(outputs, labels) * options.gate_weight;
    return loss;
}

}  // namespace nachos::train
