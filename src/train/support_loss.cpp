#include "train/support_loss.h"

#include <algorithm>

namespace nachos::train {

using torch::Tensor;

Tensor support_matrix(const policy::RecordedTable& support) {
    const std::int64_t exits = support.exits, early = exits - 1, classes = support.classes;
    if (early == 0) return {};
    Tensor right = torch::zeros({classes, early}), seen = torch::zeros({classes, 1});
    auto right_at = right.accessor<float, 2>();
    auto seen_at = seen.accessor<float, 2>();
    for (std::int64_t n = 0; n < support.samples; ++n) {
        const std::int64_t label = support.labels[static_cast<std::size_t>(n)];
        seen_at[label][0] += 1;
        for (std::int64_t i = 0; i < early; ++i) {
            const float* logits = support.logits.data() + (n * exits + i) * classes;
            right_at[label][i] += std::max_element(logits, logits + classes) - logits == label ? 1.0F : 0.0F;
        }
    }
    const Tensor overall = right.sum(0, true) / std::max(1, support.samples);
    return torch::where(seen > 0, right / seen.clamp_min(1), overall);
}

Tensor support_loss(const std::vector<Tensor>& gates, const Tensor& labels, const Tensor& matrix) {
    const std::size_t early = gates.size() - 1;
    if (early == 0) return torch::zeros({}, labels.options().dtype(torch::kFloat));
    const Tensor targets = matrix.to(gates.front().options()).index_select(0, labels);  // (N, E - 1)
    const std::vector<Tensor> given(gates.begin(), gates.end() - 1);                    // the last exit has no gate
    const Tensor confidences = torch::sigmoid(torch::stack(given, 1));
    return (confidences - targets).square().mean();
}

}  // namespace nachos::train
