#include "nn/weight_bank.h"

#include "core/error.h"

#include <cassert>
#include <cmath>

namespace nachos::nn {
namespace {

torch::Tensor filled(const std::vector<std::int64_t>& shape, const std::function<double()>& draw) {
    torch::Tensor t = torch::empty(shape);
    float* values = t.data_ptr<float>();
    for (std::int64_t i = 0; i < t.numel(); ++i) values[i] = static_cast<float>(draw());
    return t;
}

torch::Tensor initial_weight(const arch::Layer& layer, core::Rng rng) {
    const auto shape = layer.weight_shape();
    const double fan_in = static_cast<double>(layer.weight_count()) / static_cast<double>(shape[0]);
    if (layer.kind == arch::LayerKind::linear) {
        const double bound = 1 / std::sqrt(fan_in);
        return filled(shape, [&] { return bound * (2 * rng.uniform() - 1); });
    }
    const double deviation = std::sqrt(2 / fan_in);
    return filled(shape, [&] { return deviation * rng.normal(); });
}

torch::Tensor narrowed(const torch::Tensor& t, std::int64_t dim, std::int64_t size) {
    return t.size(dim) == size ? t : t.narrow(dim, 0, size);
}

torch::Tensor centre(const torch::Tensor& t, std::int64_t kernel) {
    const std::int64_t margin = (t.size(2) - kernel) / 2;
    return margin == 0 ? t : t.narrow(2, margin, kernel).narrow(3, margin, kernel);
}

torch::Tensor trainable(torch::Tensor t, torch::Device device) { return t.to(device).set_requires_grad(true); }

torch::Tensor copy_of(const torch::Tensor& t) {
    return t.defined() ? t.detach().contiguous().clone().set_requires_grad(true) : t;
}

}  // namespace

WeightBank::WeightBank(const std::vector<arch::Layer>& layers, const core::Rng& rng, torch::Device device)
    : device_(device) {
    for (const arch::Layer& layer : layers) {
        LayerWeights w;
        w.weight = trainable(initial_weight(layer, rng.stream(layer.name)), device);
        if (layer.bias) w.bias = trainable(torch::zeros({layer.out.c}), device);
        if (layer.batch_norm) {
            w.bn_scale = trainable(torch::ones({layer.out.c}), device);
            w.bn_shift = trainable(torch::zeros({layer.out.c}), device);
        }
        layers_.emplace(layer.name, std::move(w));
    }
}

LayerWeights WeightBank::at(const arch::Layer& layer) const {
    const auto it = layers_.find(layer.name);
    assert(it != layers_.end());
    const LayerWeights& all = it->second;
    const std::int64_t out = layer.out.c;
    LayerWeights w;
    w.weight = narrowed(narrowed(all.weight, 0, out), 1, layer.in.c / layer.groups);
    if (layer.kind == arch::LayerKind::conv) w.weight = centre(w.weight, layer.kernel);
    if (all.bias.defined()) w.bias = narrowed(all.bias, 0, out);
    if (all.bn_scale.defined()) {
        w.bn_scale = narrowed(all.bn_scale, 0, out);
        w.bn_shift = narrowed(all.bn_shift, 0, out);
    }
    return w;
}

WeightBank WeightBank::slice(const arch::NetDesc& net) const {
    WeightBank copy;
    copy.device_ = device_;
    for (const arch::Layer& layer : net.layers) {
        if (!layer.has_weights()) continue;
        const LayerWeights w = at(layer);
        copy.layers_[layer.name] = {copy_of(w.weight), copy_of(w.bias), copy_of(w.bn_scale), copy_of(w.bn_shift)};
    }
    return copy;
}

WeightBank WeightBank::replica() const {
    const auto shared = [](const torch::Tensor& t) { return t.defined() ? t.detach().set_requires_grad(true) : t; };
    WeightBank other;
    other.device_ = device_;
    for (const auto& [name, w] : layers_) {
        other.layers_[name] = {shared(w.weight), shared(w.bias), shared(w.bn_scale), shared(w.bn_shift)};
    }
    return other;
}

void for_each_tensor(const WeightBank& bank, const std::function<void(const std::string&, const torch::Tensor&)>& f) {
    for (const auto& [name, w] : bank.layers()) {
        f(name + ".weight", w.weight);
        if (w.bias.defined()) f(name + ".bias", w.bias);
        if (w.bn_scale.defined()) f(name + ".bn_scale", w.bn_scale);
        if (w.bn_shift.defined()) f(name + ".bn_shift", w.bn_shift);
    }
}

void WeightBank::save(core::TensorFile& file, const std::string& prefix) const {
    for_each_tensor(*this, [&](const std::string& name, const torch::Tensor& t) {
        const torch::Tensor plain = t.detach().cpu().contiguous();
        file.add_f32(prefix + name, plain.sizes().vec(), plain.data_ptr<float>());
    });
}

void WeightBank::load(const core::TensorFile& file, const std::string& prefix, const std::string& where) {
    torch::NoGradGuard no_grad;
    for_each_tensor(*this, [&](const std::string& name, const torch::Tensor& t) {
        std::vector<float> values = file.floats(prefix + name, t.sizes().vec(), where);
        torch::Tensor target = t;
        target.copy_(torch::from_blob(values.data(), t.sizes()));
    });
}

std::vector<arch::Layer> weighted_layers(const arch::NetDesc& net) {
    std::vector<arch::Layer> layers;
    for (const arch::Layer& l : net.layers) {
        if (l.has_weights()) layers.push_back(l);
    }
    return layers;
}

}  // namespace nachos::nn
