#include "train/gate_loss.h"

namespace nachos::train {

using torch::Tensor;

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

}  // namespace nachos::train
