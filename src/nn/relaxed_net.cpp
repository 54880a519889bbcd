#include "nn/relaxed_net.h"

#include "core/error.h"
#include "nn/relaxed_parts.h"

#include <fmt/format.h>

#include <algorithm>

namespace nachos::nn {
namespace {

using arch::Activation;
using torch::Tensor;
using Choices = std::span<const Tensor>;

/// A mask may be undefined: nothing is left out.
Tensor times(const Tensor& x, const Tensor& mask) { return mask.defined() ? x * mask : x; }

/// Of a map, or of the columns of a weight (out, in, k, k).
Tensor with_channels(const Tensor& x, const Tensor& mask) { return mask.defined() ? x * mask.view({1, -1, 1, 1}) : x; }

/// x with so many channels: the leading ones, zeros behind them.
Tensor fitted(const Tensor& x, std::int64_t channels) {
    const std::int64_t have = x.size(1);
    if (have == channels) return x;
    if (have > channels) return x.narrow(1, 0, channels).contiguous(at::MemoryFormat::ChannelsLast);
    return torch::constant_pad_nd(x, {0, 0, 0, 0, 0, channels - have}).contiguous(at::MemoryFormat::ChannelsLast);
}

bool is_zero(const Tensor& scalar) { return scalar.item<float>() == 0; }

/// value * weight, `value` without a gradient of its own where the weight is 0.
template <class F>
Tensor weighted(const Tensor& weight, F&& value) {
    Tensor v;
    {
        const at::AutoGradMode mode(at::GradMode::is_enabled() && !is_zero(weight));
        v = value();
    }
    return v * weight;
}

Tensor sum_of(const Tensor& sum, const Tensor& more) { return sum.defined() ? sum + more : more; }

Tensor batch_norm(const Tensor& x, const LayerWeights& w, Activation activation) {
    return batch_norm_act(x, w.bn_scale, w.bn_shift, activation, kBatchNormEpsilon);
}

Tensor convolved(const Tensor& x, const Tensor& weight, int stride = 1) {
    return torch::conv2d(x, weight, {}, stride, weight.size(2) / 2);
}

/// One pass of all networks at once.
class Pass {
  public:
    Pass(const arch::SearchSpace& space, const RelaxedParts& parts, const WeightBank& bank, Choices choices)
        : space_(space), parts_(parts), bank_(bank), choices_(choices) {}

    Outputs run(const Tensor& image, int stem_stride) const {
        Tensor x = stem(image, stem_stride);
        Outputs outputs;
        for (std::size_t s = 0; s < parts_.stages.size(); ++s) {
            for (const RelaxedBlock& block : parts_.stages[s].blocks) x = run_block(block, parts_.stages[s], x);
            if (s < parts_.exits.size()) run_exit(s, x, outputs);
        }
        outputs.logits.push_back(final_head(x));
        outputs.gates.emplace_back();
        return outputs;
    }

    Tensor weight_of(int gene, std::size_t choice) const {
        return choices_[static_cast<std::size_t>(gene)].select(0, static_cast<std::int64_t>(choice)).to(bank_.device());
    }

    const std::vector<int>& values_of(int gene) const { return space_.genes()[static_cast<std::size_t>(gene)].choices; }

  private:
    bool has(const std::string& name) const { return bank_.layers().contains(name); }

    /// A layer's weights at their largest, without gradient.
    LayerWeights weights(const std::string& name) const {
        const LayerWeights& w = bank_.layers().at(name);
        const auto detached = [](const Tensor& t) { return t.defined() ? t.detach() : t; };
        return {detached(w.weight), detached(w.bias), detached(w.bn_scale), detached(w.bn_shift)};
    }

    Tensor mask(const GeneTable& table) const { return table.always(1) ? Tensor() : table.at(choices_).to(bank_.device()); }

    Tensor stem(const Tensor& image, int stride) const {
        const arch::SpaceData& data = space_.data();
        const Tensor channels = mask(parts_.stem_width);
        const LayerWeights w = weights("stem");
        const Tensor x = with_channels(batch_norm(convolved(image, w.weight, stride), w, data.stem_activation), channels);
        if (!data.first_block) return x;
        const LayerWeights depthwise = weights("first.depthwise"), project = weights("first.project");
        const Tensor y = batch_norm(depthwise_conv(x, depthwise.weight, 1), depthwise, Activation::relu);
        return x + switched(convolved(y, with_channels(project.weight, channels)), project, channels, {});
    }

    /// Batch norm without activation, whose channels and whole are switched on and off.
    static Tensor switched(const Tensor& x, LayerWeights w, const Tensor& channels, const Tensor& present) {
        w.bn_scale = times(times(w.bn_scale, channels), present);
        w.bn_shift = times(times(w.bn_shift, channels), present);
        return batch_norm(x, w, Activation::none);
    }

    Tensor run_block(const RelaxedBlock& block, const RelaxedStage& stage, const Tensor& x) const {
        return space_.data().block == arch::BlockKind::basic_residual ? basic_residual(block, stage, x)
                                                                      : inverted_bottleneck(block, stage, x);
    }

    Tensor inverted_bottleneck(const RelaxedBlock& block, const RelaxedStage& stage, const Tensor& x) const {
        const Tensor channels = mask(block.expanded);
        Tensor y = depthwise(block, stage, expanded(block, stage, x));
        if (stage.squeeze_excitation) y = squeeze_excitation(block, y, channels);
        const LayerWeights w = weights(block.name + ".project");
        y = switched(convolved(y, with_channels(w.weight, channels)), w, mask(stage.width), mask(block.present));
        return plus_input(y, block, x);
    }

    Tensor expanded(const RelaxedBlock& block, const RelaxedStage& stage, const Tensor& x) const {
        if (block.narrow.always(1)) return x;
        const LayerWeights w = weights(block.name + ".expand");
        const Tensor wide = batch_norm(convolved(x, w.weight), w, stage.activation);
        if (block.narrow.always(0)) return wide;
        const Tensor narrow = mask(block.narrow);
        return fitted(x, wide.size(1)) * narrow + wide * (1 - narrow);
    }

    Tensor depthwise(const RelaxedBlock& block, const RelaxedStage& stage, const Tensor& x) const {
        const LayerWeights w = weights(block.name + ".depthwise");
        const Tensor taps = mask(block.kernel);
        const std::int64_t k = w.weight.size(2);
        const Tensor weight = taps.defined() ? w.weight * taps.view({1, 1, k, k}) : w.weight;
        return batch_norm(depthwise_conv(x, weight, block.stride), w, stage.activation);
    }

    Tensor squeeze_excitation(const RelaxedBlock& block, const Tensor& x, const Tensor& channels) const {
        const LayerWeights reduce = weights(block.name + ".se_reduce"), expand = weights(block.name + ".se_expand");
        Tensor f = times(global_average_pool(x), channels);
        f = times(torch::relu(torch::linear(f, reduce.weight, reduce.bias)), mask(block.hidden));
        f = torch::hardsigmoid(torch::linear(f, expand.weight, expand.bias));
        return x * f.unsqueeze(2).unsqueeze(3);
    }

    /// The residual connection, where shapes allow it.
    Tensor plus_input(const Tensor& y, const RelaxedBlock& block, const Tensor& x) const {
        const bool same_map = x.size(2) == y.size(2) && x.size(3) == y.size(3);
        if (!same_map || block.same.always(0)) return y;
        return y + times(fitted(x, y.size(1)), mask(block.same));
    }

    Tensor basic_residual(const RelaxedBlock& block, const RelaxedStage& stage, const Tensor& x) const {
        const LayerWeights one = weights(block.name + ".conv1"), two = weights(block.name + ".conv2");
        const Tensor channels = mask(stage.width), taps = mask(block.kernel), present = mask(block.present);
        const auto kernel = [&](const Tensor& w) {
            return taps.defined() ? w * taps.view({1, 1, w.size(2), w.size(3)}) : w;
        };
        const Tensor inner = batch_norm(convolved(x, kernel(one.weight), block.stride), one, stage.activation);
        Tensor y = switched(convolved(inner, with_channels(kernel(two.weight), channels)), two, {}, present);
        y = shortcut(block, y, x);
        // Behind the activation: before it, channels that are off would have no gradient.
        return with_channels(stage.activation == Activation::relu ? torch::relu(y) : torch::hardswish(y), channels);
    }

    Tensor shortcut(const RelaxedBlock& block, const Tensor& y, const Tensor& x) const {
        if (!has(block.name + ".shortcut")) return y + fitted(x, y.size(1));
        const LayerWeights w = weights(block.name + ".shortcut");
        const Tensor by_convolution = batch_norm(torch::conv2d(x, w.weight, {}, block.stride), w, Activation::none);
        const bool same_map = x.size(2) == y.size(2) && x.size(3) == y.size(3);
        if (!same_map || block.same.always(0)) return y + by_convolution;
        const Tensor same = mask(block.same);
        if (!same.defined()) return y + fitted(x, y.size(1));
        return y + by_convolution * (1 - same) + fitted(x, y.size(1)) * same;
    }

    void run_exit(std::size_t s, const Tensor& x, Outputs& outputs) const {
        const bool unused = is_zero(weight_of(parts_.exits[s].placed, 1));
        const at::AutoGradMode mode(at::GradMode::is_enabled() && !unused);
        const bool published = space_.data().exit_style == arch::ExitStyle::published;
        const Tensor out = published ? published_exit(s, x) : separable_exit(s, x);
        const int classes = space_.task().classes;
        outputs.logits.push_back(out.narrow(1, 0, classes));
        outputs.gates.push_back(out.select(1, classes));
    }

    Tensor linear(const std::string& name, const Tensor& x) const {
        const LayerWeights w = weights(name);
        return torch::linear(x, w.weight, w.bias);
    }

    Tensor separable_exit(std::size_t s, const Tensor& x) const {
        const RelaxedExit& exit = parts_.exits[s];
        const std::vector<int>& convs = values_of(exit.convs);
        Tensor sum;
        for (std::size_t c = 0; c < convs.size(); ++c) {
            if (convs[c] > 0) continue;
            sum = weighted(weight_of(exit.convs, c),
                           [&] { return linear(fmt::format("exit{}.linear0", s + 1), global_average_pool(x)); });
        }
        if (convs.back() == 0) return sum;
        const std::vector<int>& pools = values_of(exit.pool);
        for (std::size_t p = 0; p < pools.size(); ++p) {
            const Tensor behind = weighted(weight_of(exit.pool, p), [&] { return convolved_exit(s, x, pools[p]); });
            sum = sum_of(sum, behind);
        }
        return sum;
    }

    /// The designs with convolutions, behind one pooling, weighted by their number of convolutions.
    Tensor convolved_exit(std::size_t s, const Tensor& map, int pool) const {
        const RelaxedExit& exit = parts_.exits[s];
        const std::vector<int>& convs = values_of(exit.convs);
        const int window = static_cast<int>(std::min({static_cast<std::int64_t>(pool), map.size(2), map.size(3)}));
        Tensor x = window > 1 ? torch::max_pool2d(map, window) : map;
        Tensor columns = mask(parts_.stages[s].width), sum;
        const Tensor width = mask(exit.width);
        for (int i = 1; i <= convs.back(); ++i) {
            const std::string name = fmt::format("exit{}.conv{}", s + 1, i);
            const LayerWeights d = weights(name + ".depthwise"), p = weights(name + ".pointwise");
            x = batch_norm(depthwise_conv(x, d.weight, 1), d, Activation::hard_swish);
            x = batch_norm(convolved(x, with_channels(p.weight, columns)), p, Activation::hard_swish);
            columns = width;
            for (std::size_t c = 0; c < convs.size(); ++c) {
                if (convs[c] != i) continue;
                sum =
                    sum_of(sum, weighted(weight_of(exit.convs, c), [&] {
                               return linear(fmt::format("exit{}.linear{}", s + 1, i), times(global_average_pool(x), width));
                           }));
            }
        }
        return sum;
    }

    /// Its pooling is a derived gene: one design, the one chosen.
    Tensor published_exit(std::size_t s, const Tensor& map) const {
        const std::vector<int> poolings = space_.published_poolings(static_cast<int>(s) + 1);
        const Tensor& choice = choices_[space_.genes().size() + s];
        const int window = poolings[static_cast<std::size_t>(choice.argmax().item<std::int64_t>())];
        Tensor x = torch::relu(map);
        if (window > 1) x = torch::max_pool2d(x, window);
        for (int i = 1; i <= 3; ++i) {
            const LayerWeights w = weights(fmt::format("exit{}.conv{}", s + 1, i));
            x = torch::relu(torch::conv2d(x, w.weight, w.bias, 1, w.weight.size(2) / 2));
        }
        x = x.contiguous().flatten(1);
        return linear(fmt::format("exit{}.linear{}", s + 1, x.size(1)), x);
    }

    Tensor final_head(Tensor x) const {
        if (space_.data().final_expand > 0) {
            const LayerWeights w = weights("final.expand");
            x = batch_norm(convolved(x, w.weight), w, Activation::hard_swish);
        }
        x = global_average_pool(x);
        if (space_.data().final_feature > 0) x = torch::hardswish(linear("final.feature", x));
        return linear("final.classifier", x);
    }

    const arch::SearchSpace& space_;
    const RelaxedParts& parts_;
    const WeightBank& bank_;
    Choices choices_;
};

void add(Outputs& sum, const Outputs& more) {
    for (std::size_t i = 0; i < more.logits.size(); ++i) {
        sum.logits[i] = sum.logits[i] + more.logits[i];
        if (more.gates[i].defined()) sum.gates[i] = sum.gates[i] + more.gates[i];
    }
}

}  // namespace

struct RelaxedNet::Impl {
    const arch::SearchSpace& space;
    const WeightBank& bank;
    RelaxedParts parts;
};

RelaxedNet::RelaxedNet(const arch::SearchSpace& space, const WeightBank& bank)
    : impl_(new Impl{space, bank, RelaxedParts(space, bank)}) {
    require(!space.data().build_block, ErrorKind::usage,
            "the differentiable engine cannot search space '{}': it knows nachos' own blocks only", space.name());
}

RelaxedNet::~RelaxedNet() = default;

Outputs RelaxedNet::run(const Tensor& x, Choices choices) const {
    const Pass pass(impl_->space, impl_->parts, impl_->bank, choices);
    const std::vector<int>& strides = pass.values_of(impl_->parts.stem_stride);
    if (strides.size() == 1) return pass.run(x, strides[0]);
    Outputs sum;  // maps of different sizes meet in the outputs
    for (std::size_t i = 0; i < strides.size(); ++i) {
        const Tensor weight = pass.weight_of(impl_->parts.stem_stride, i);
        Outputs outputs;
        {
            const at::AutoGradMode mode(at::GradMode::is_enabled() && !is_zero(weight));
            outputs = pass.run(x, strides[i]);
        }
        for (Tensor& z : outputs.logits) z = z * weight;
        for (Tensor& g : outputs.gates)
            if (g.defined()) g = g * weight;
        if (i == 0) {
            sum = outputs;
        } else {
            add(sum, outputs);
        }
    }
    return sum;
}

}  // namespace nachos::nn
