#include "search/differentiable/multipliers.h"

#include <algorithm>
#include <cmath>

namespace nachos::search {
namespace {

constexpr float kAverageDecay = 0.7F;  // a bucket is visited some dozen times
constexpr float kMost = 50;            // of a budget that nothing meets: the rest of the loss must still be heard

}  // namespace

Multipliers::Multipliers(std::vector<double> budgets, double rho)
    : budgets_(std::move(budgets)), rho_(rho), lambda_(budgets_.size(), 0), average_(budgets_.size(), 0) {}

int Multipliers::bucket(double budget) const {
    const auto nearer = [&](double a, double b) { return std::abs(std::log(a / budget)) < std::abs(std::log(b / budget)); };
    return static_cast<int>(std::min_element(budgets_.begin(), budgets_.end(), nearer) - budgets_.begin());
}

torch::Tensor Multipliers::penalty(const torch::Tensor& g, int bucket) const {
    const double lambda = multiplier(bucket);
    return (torch::relu(g * rho_ + lambda).square() - lambda * lambda) / (2 * rho_);
}

void Multipliers::update(int bucket, double g) {
    const auto b = static_cast<std::size_t>(bucket);
    average_[b] = kAverageDecay * average_[b] + (1 - kAverageDecay) * static_cast<float>(g);
    const float step =
        std::clamp(average_[b], -1.0F, 1.0F);  // far above its budget a bucket would wind up what takes long to unwind
    lambda_[b] = std::clamp(lambda_[b] + static_cast<float>(rho_) * step, 0.0F, kMost);
}

void Multipliers::save(core::TensorFile& file, const std::string& prefix) const {
    file.add_f32(prefix + "lambda", {size()}, lambda_.data());
    file.add_f32(prefix + "average", {size()}, average_.data());
}

void Multipliers::load(const core::TensorFile& file, const std::string& prefix, const std::string& where) {
    lambda_ = file.floats(prefix + "lambda", {size()}, where);
    average_ = file.floats(prefix + "average", {size()}, where);
}

}  // namespace nachos::search
