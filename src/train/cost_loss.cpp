#include "train/cost_loss.h"

#include <vector>

namespace nachos::train {

torch::Tensor cost_loss(const torch::Tensor& probabilities, std::span<const double> cost, double max_avg_macs,
                        std::string_view normaliser) {
    const double scale = normaliser == "published" ? cost.back() - max_avg_macs : max_avg_macs;
    if (scale <= 0) return torch::zeros({}, probabilities.options());
    const torch::Tensor c =
        torch::tensor(std::vector<double>(cost.begin(), cost.end()), torch::kDouble).to(probabilities.options());
    return torch::relu((probabilities * c).sum(1).mean() - max_avg_macs) / scale;
}

}  // namespace nachos::train
