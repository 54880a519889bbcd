#include "nn/network.h"

#include "core/error.h"

namespace nachos::nn {
namespace {

using arch::Activation;
using arch::Layer;
using arch::LayerKind;
using arch::NetDesc;
using torch::Tensor;

Tensor activate(const Tensor& x, Activation activation) {
    switch (activation) {
        case Activation::none:
            return x;
        case Activation::relu:
            return torch::relu(x);
        case Activation::hard_swish:
            return torch::hardswish(x);
        case Activation::hard_sigmoid:
            break;
    }
    return torch::hardsigmoid(x);
}

/// The same where nobody needs the input any more.
Tensor activate_in_place(Tensor x, Activation activation) {
    switch (activation) {
        case Activation::none:
            return x;
        case Activation::relu:
            return x.relu_();
        case Activation::hard_swish:
            return torch::hardswish_(x);
        case Activation::hard_sigmoid:
            break;
    }
    return torch::hardsigmoid_(x);
}

/// Vectors (N, C) are float32 where maps are narrower.
Tensor vector_of(const Tensor& x) { return x.scalar_type() == torch::kBFloat16 ? x.to(torch::kFloat) : x; }

Tensor weightless(const Layer& layer, const std::vector<Tensor>& tensors) {
    const Tensor& x = tensors[static_cast<std::size_t>(layer.inputs[0])];
    switch (layer.kind) {
        case LayerKind::max_pool:
            return torch::max_pool2d(x, layer.kernel);
        case LayerKind::global_avg_pool:
            return global_average_pool(x);
        case LayerKind::flatten:
            return vector_of(x.contiguous().flatten(1));
        case LayerKind::add:
            return x + tensors[static_cast<std::size_t>(layer.inputs[1])];
        case LayerKind::scale:
            return scale_channels(x, tensors[static_cast<std::size_t>(layer.inputs[1])]);
        default:
            return x;
    }
}

/// Class logits and gate logit of one exit.
void collect(const NetDesc& net, std::size_t exit, const Tensor& out, Outputs& outputs) {
    if (!net.exits[exit].has_gate) {
        outputs.logits.push_back(out);
        outputs.gates.emplace_back();
        return;
    }
    outputs.logits.push_back(out.narrow(1, 0, net.classes));
    outputs.gates.push_back(out.select(1, net.classes));
}

/// Layer after layer; `weighted(index, input)` runs a convolution or linear layer with its normalisation and activation.
template <class Weighted>
Outputs walk(const NetDesc& net, const std::vector<std::size_t>& last_reader, const Tensor& x, Weighted&& weighted) {
    std::vector<Tensor> tensors(net.layers.size() + 1);
    tensors[0] = x;
    Outputs outputs;
    for (std::size_t i = 0; i < net.layers.size(); ++i) {
        const Layer& layer = net.layers[i];
        tensors[i + 1] = layer.has_weights() ? weighted(i, tensors[static_cast<std::size_t>(layer.inputs[0])])
                                             : activate(weightless(layer, tensors), layer.activation);
        for (const int t : layer.inputs) {
            if (last_reader[static_cast<std::size_t>(t)] == i) tensors[static_cast<std::size_t>(t)].reset();
        }
        const std::size_t exit = outputs.logits.size();
        if (net.exits[exit].tensor == static_cast<int>(i) + 1) collect(net, exit, tensors[i + 1], outputs);
    }
    return outputs;
}

Tensor linear_or_conv(const Layer& layer, const Tensor& x, const Tensor& weight, const Tensor& bias) {
    if (layer.kind == LayerKind::linear) return torch::linear(x, weight, bias);
    return torch::conv2d(x, weight, bias, layer.stride, layer.padding, 1, layer.groups);
}

/// One layer with the bank's weights and the batch's statistics, which `stats` receives if given.
Tensor run_layer(const Layer& layer, const WeightBank& bank, const Tensor& x, BatchStats* stats) {
    const LayerWeights w = bank.at(layer);
    const bool depthwise = layer.kind == LayerKind::conv && layer.groups > 1;
    const Tensor y = depthwise                         ? depthwise_conv(x, w.weight, layer.stride)
                     : layer.kind == LayerKind::linear ? torch::linear(x, w.weight, w.bias)
                                                       : conv(x, w.weight, w.bias, {layer.stride, layer.padding});
    if (!layer.batch_norm) return activate(y, layer.activation);
    return batch_norm_act(y, w.bn_scale, w.bn_shift, layer.activation, kBatchNormEpsilon, stats);
}

}  // namespace

std::vector<float> values_of(const Tensor& t) {
    const Tensor plain = t.detach().to(torch::kCPU, torch::kFloat).contiguous();
    return {plain.data_ptr<float>(), plain.data_ptr<float>() + plain.numel()};
}

Outputs run(const NetDesc& net, const WeightBank& bank, const Tensor& x, Differentiate differentiate) {
    const bool recording = at::GradMode::is_enabled();
    return walk(net, arch::last_readers(net), x, [&](std::size_t i, const Tensor& in) {
        const Layer& layer = net.layers[i];
        const bool early_head = layer.head && layer.exit + 1 < net.exit_count();
        const at::AutoGradMode mode(recording && (early_head || differentiate == Differentiate::everything));
        return run_layer(layer, bank, in, nullptr);
    });
}

NetStats recalibrate(const NetDesc& net, const WeightBank& bank, const std::vector<Tensor>& batches) {
    torch::NoGradGuard no_grad;
    NetStats stats;
    const auto last = arch::last_readers(net);
    for (const Tensor& batch : batches) {
        walk(net, last, batch, [&](std::size_t i, const Tensor& in) {
            BatchStats of_batch;
            Tensor y = run_layer(net.layers[i], bank, in, &of_batch);
            if (!net.layers[i].batch_norm) return y;
            BatchStats& sum = stats[net.layers[i].name];
            sum.mean = sum.mean.defined() ? sum.mean + of_batch.mean : of_batch.mean;
            sum.variance = sum.variance.defined() ? sum.variance + of_batch.variance : of_batch.variance;
            return y;
        });
    }
    for (auto& [name, s] : stats) {
        s.mean /= static_cast<double>(batches.size());
        s.variance = (s.variance / static_cast<double>(batches.size())).clamp_min(0);
    }
    require_finite(stats);
    return stats;
}

void require_finite(const NetStats& stats) {
    for (const auto& [name, s] : stats) {
        require((torch::isfinite(s.mean).all() & torch::isfinite(s.variance).all()).item<bool>(), ErrorKind::runtime,
                "batch norm statistics of layer '{}' are not finite", name);
    }
}

NetDesc to_desc(const NetDesc& net, const WeightBank& bank, const NetStats& stats) {
    torch::NoGradGuard no_grad;
    NetDesc folded = net;
    for (Layer& layer : folded.layers) {
        if (!layer.has_weights()) continue;
        const LayerWeights w = bank.at(layer);
        Tensor weight = w.weight;
        Tensor bias = w.bias;
        if (layer.batch_norm) {
            const BatchStats& s = stats.at(layer.name);
            const Tensor factor = w.bn_scale / torch::sqrt(s.variance + kBatchNormEpsilon);
            weight = weight * factor.view({-1, 1, 1, 1});
            bias = w.bn_shift - s.mean * factor;
            layer.batch_norm = false;
            layer.bias = true;
        }
        layer.weight = values_of(weight);
        if (layer.bias) layer.bias_values = values_of(bias);
    }
    return folded;
}

FoldedNet::FoldedNet(const NetDesc& net, torch::Device device, torch::ScalarType maps) : net_(net) {
    for (Layer& layer : net_.layers) {
        auto& [weight, bias] = weights_.emplace_back();
        if (!layer.has_weights()) continue;
        const torch::ScalarType type = layer.kind == LayerKind::linear ? torch::kFloat : maps;
        weight = torch::from_blob(layer.weight.data(), layer.weight_shape()).to(device, type, false, true);
        if (weight.dim() == 4) weight = weight.contiguous(at::MemoryFormat::ChannelsLast);
        if (layer.bias) bias = torch::from_blob(layer.bias_values.data(), {layer.out.c}).to(device, type, false, true);
        layer.weight.clear();
        layer.bias_values.clear();
    }
}

Outputs FoldedNet::run(const Tensor& x) const {
    torch::InferenceMode inference;
    return walk(net_, arch::last_readers(net_), x, [&](std::size_t i, const Tensor& in) {
        const auto& [weight, bias] = weights_[i];
        return activate_in_place(linear_or_conv(net_.layers[i], in, weight, bias), net_.layers[i].activation);
    });
}

}  // namespace nachos::nn
