#include "train/optimizer.h"

#include "core/error.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace nachos::train {
namespace {

using torch::Tensor;

constexpr const char* kPrefix = "momentum.";

}  // namespace

double learning_rate_at(const OptimizerOptions& options, std::int64_t step, std::int64_t steps_per_epoch) {
    const double total = static_cast<double>(steps_per_epoch) * options.epochs;
    const double warmup = std::min(options.warmup_epochs * static_cast<double>(steps_per_epoch), total / 2);
    const double at = static_cast<double>(step);
    if (at < warmup) return options.learning_rate * (at + 1) / (warmup + 1);
    return options.learning_rate * 0.5 * (1 + std::cos(std::numbers::pi * (at - warmup) / (total - warmup)));
}

Sgd::Sgd(nn::WeightBank& bank, const OptimizerOptions& options) : options_(options) {
    nn::for_each_tensor(bank, [&](const std::string& name, const Tensor& t) {
        slots_.push_back({name, t, torch::zeros_like(t).set_requires_grad(false), name.ends_with(".weight")});
    });
}

double Sgd::step(double learning_rate, const std::vector<nn::WeightBank>& replicas) {
    torch::NoGradGuard no_grad;
    std::vector<Tensor> sums(slots_.size());
    for (const nn::WeightBank& replica : replicas) {
        std::size_t at = 0;
        nn::for_each_tensor(replica, [&](const std::string&, const Tensor& t) {
            Tensor& sum = sums[at++];
            const Tensor gradient = t.grad();
            if (gradient.defined()) sum = sum.defined() ? sum.add_(gradient) : gradient;
            Tensor(t).mutable_grad().reset();
        });
    }
    std::vector<Tensor> gradients, parameters, momenta, squares;
    std::vector<std::size_t> decayed;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        if (!sums[i].defined()) continue;
        squares.push_back(sums[i].square().sum());
        if (slots_[i].decayed) decayed.push_back(gradients.size());
        gradients.push_back(sums[i]);
        parameters.push_back(slots_[i].parameter);
        momenta.push_back(slots_[i].momentum);
    }
    const double norm = std::sqrt(torch::stack(squares).sum().item<double>());
    require(std::isfinite(norm), ErrorKind::runtime, "training diverged: the gradient is not finite; lower learning_rate");
    if (options_.gradient_clip > 0 && norm > options_.gradient_clip)
        torch::_foreach_mul_(gradients, options_.gradient_clip / norm);
    for (const std::size_t i : decayed) gradients[i].add_(parameters[i], options_.weight_decay);
    torch::_foreach_mul_(momenta, options_.momentum);
    torch::_foreach_add_(momenta, gradients);
    torch::_foreach_add_(gradients, momenta, options_.momentum);
    torch::_foreach_add_(parameters, gradients, -learning_rate);
    return norm;
}

void Sgd::save(core::TensorFile& file) const {
    for (const Slot& s : slots_) {
        const Tensor plain = s.momentum.cpu().contiguous();
        file.add_f32(kPrefix + s.name, plain.sizes().vec(), plain.data_ptr<float>());
    }
}

void Sgd::load(const core::TensorFile& file, const std::string& where) {
    for (Slot& s : slots_) {
        std::vector<float> values = file.floats(kPrefix + s.name, s.momentum.sizes().vec(), where);
        s.momentum.copy_(torch::from_blob(values.data(), s.momentum.sizes()));
    }
}

}  // namespace nachos::train
