#include "train/optimizer.h"

#include "core/error.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace nachos::train {
namespace {

using torch::Tensor;

constexpr const char* kMomentum = "momentum.";
constexpr const char* kSquare = "square.";
constexpr const char* kSteps = "steps.";
constexpr double kEpsilon = 1e-8;

void add(core::TensorFile& file, const std::string& name, const Tensor& t) {
    const Tensor plain = t.cpu().contiguous();
    file.add_f32(name, plain.sizes().vec(), plain.data_ptr<float>());
}

void read(const core::TensorFile& file, const std::string& name, const std::string& where, Tensor& t) {
    std::vector<float> values = file.floats(name, t.sizes().vec(), where);
    t.copy_(torch::from_blob(values.data(), t.sizes()));
}

constexpr std::int64_t kBucket = 1 << 20;  // floats sent at once

/// Gradients that are there are the same ones everywhere, for all learn from the same subnets.
void add_elsewhere(std::vector<Tensor>& sums, const GradientSum& elsewhere) {
    for (std::size_t begin = 0, end = 0; begin < sums.size(); begin = end) {
        std::vector<Tensor> parts;
        for (std::int64_t size = 0; end < sums.size() && size < kBucket; ++end) {
            if (!sums[end].defined()) continue;
            parts.push_back(sums[end].cpu().reshape({-1}));
            size += parts.back().numel();
        }
        if (parts.empty()) continue;
        const Tensor bucket = torch::cat(parts);
        elsewhere.add({bucket.data_ptr<float>(), static_cast<std::size_t>(bucket.numel())});
        std::int64_t at = 0;
        for (std::size_t i = begin; i < end; ++i) {
            if (!sums[i].defined()) continue;
            sums[i].copy_(bucket.slice(0, at, at + sums[i].numel()).view(sums[i].sizes()));
            at += sums[i].numel();
        }
    }
}

}  // namespace

/// The tensors that a step moves, entry by entry.
struct Optimizer::Update {
    std::vector<Slot*> slots;
    std::vector<Tensor> gradients, parameters, momenta;
};

double learning_rate_at(const OptimizerOptions& options, std::int64_t step, std::int64_t steps_per_epoch) {
    const double total = static_cast<double>(steps_per_epoch) * options.epochs;
    const double warmup = std::min(options.warmup_epochs * static_cast<double>(steps_per_epoch), total / 2);
    const double at = static_cast<double>(step);
    if (at < warmup) return options.learning_rate * (at + 1) / (warmup + 1);
    return options.learning_rate * 0.5 * (1 + std::cos(std::numbers::pi * (at - warmup) / (total - warmup)));
}

Optimizer::Optimizer(nn::WeightBank& bank, const OptimizerOptions& options, std::string phase)
    : options_(options), phase_(std::move(phase)), adamw_(options.optimizer == "adamw") {
    nn::for_each_tensor(bank, [&](const std::string& name, const Tensor& t) {
        Slot slot{.name = name,
                  .parameter = t,
                  .momentum = torch::zeros_like(t).set_requires_grad(false),
                  .square = {},
                  .decayed = name.ends_with(".weight")};
        if (adamw_) slot.square = torch::zeros_like(slot.momentum);
        slots_.push_back(std::move(slot));
    });
}

double Optimizer::step(double learning_rate, const std::vector<nn::WeightBank>& replicas, const GradientSum& elsewhere) {
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
    if (elsewhere.add) add_elsewhere(sums, elsewhere);
    const double share = 1.0 / (static_cast<double>(replicas.size()) + elsewhere.replicas);
    Update update;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        if (!sums[i].defined()) continue;
        update.slots.push_back(&slots_[i]);
        update.gradients.push_back(sums[i]);
        update.parameters.push_back(slots_[i].parameter);
        update.momenta.push_back(slots_[i].momentum);
    }
    torch::_foreach_mul_(update.gradients, share);
    const double norm = torch::stack(torch::_foreach_norm(update.gradients)).norm().item<double>();
    require(std::isfinite(norm), ErrorKind::runtime, "{} diverged: the gradient is not finite; lower its learning_rate",
            phase_);
    if (options_.gradient_clip > 0 && norm > options_.gradient_clip)
        torch::_foreach_mul_(update.gradients, options_.gradient_clip / norm);
    if (adamw_) {
        adamw(learning_rate, update);
    } else {
        sgd(learning_rate, update);
    }
    return norm;
}

void Optimizer::sgd(double learning_rate, Update& update) const {
    std::vector<Tensor> decayed, weights;
    for (std::size_t i = 0; i < update.slots.size(); ++i) {
        if (!update.slots[i]->decayed) continue;
        decayed.push_back(update.gradients[i]);
        weights.push_back(update.parameters[i]);
    }
    torch::_foreach_add_(decayed, weights, options_.weight_decay);
    torch::_foreach_mul_(update.momenta, options_.momentum);
    torch::_foreach_add_(update.momenta, update.gradients);
    torch::_foreach_add_(update.gradients, update.momenta, options_.momentum);
    torch::_foreach_add_(update.parameters, update.gradients, -learning_rate);
}

void Optimizer::adamw(double learning_rate, Update& update) {
    torch::_foreach_mul_(update.momenta, options_.momentum);
    torch::_foreach_add_(update.momenta, update.gradients, 1 - options_.momentum);
    for (std::size_t i = 0; i < update.slots.size(); ++i) {
        Slot& slot = *update.slots[i];
        slot.steps += 1;
        if (slot.decayed) slot.parameter.mul_(1 - learning_rate * options_.weight_decay);
        slot.square.mul_(options_.square_decay)
            .addcmul_(update.gradients[i], update.gradients[i], 1 - options_.square_decay);
        const double first = 1 - std::pow(options_.momentum, slot.steps),
                     second = 1 - std::pow(options_.square_decay, slot.steps);
        const Tensor deviation = slot.square.sqrt().mul_(1 / std::sqrt(second)).add_(kEpsilon);
        slot.parameter.addcdiv_(slot.momentum, deviation, -learning_rate / first);
    }
}

void Optimizer::save(core::TensorFile& file) const {
    for (const Slot& s : slots_) {
        add(file, kMomentum + s.name, s.momentum);
        if (!adamw_) continue;
        add(file, kSquare + s.name, s.square);
        file.add_f32(kSteps + s.name, {1}, &s.steps);
    }
}

void Optimizer::load(const core::TensorFile& file, const std::string& where) {
    for (Slot& s : slots_) {
        read(file, kMomentum + s.name, where, s.momentum);
        if (!adamw_) continue;
        read(file, kSquare + s.name, where, s.square);
        s.steps = file.floats(kSteps + s.name, {1}, where).front();
    }
}

}  // namespace nachos::train
