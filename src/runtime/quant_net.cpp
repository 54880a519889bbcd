#include "runtime/quant_net.h"

#include "core/error.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace nachos::runtime {
namespace {

using arch::Activation;
using arch::Layer;
using arch::LayerKind;
using model::Affine;

constexpr double kFine = 1024;  // steps of a code in sums of two maps
constexpr double kMostFactor = 1 << 20;
constexpr std::int64_t kMostTerms = std::int64_t{1} << 15;      // of a sum: each is at most 255 * 127
constexpr double kMostBias = static_cast<double>(1 << 30) - 1;  // the other half of 31 bits

float activate(Activation activation, float v) {
    const float hard_sigmoid = std::clamp(v + 3, 0.0F, 6.0F) / 6;
    switch (activation) {
        case Activation::none:
            return v;
        case Activation::relu:
            return std::max(v, 0.0F);
        case Activation::hard_swish:
            return v * hard_sigmoid;
        case Activation::hard_sigmoid:
            return hard_sigmoid;
    }
    return v;
}

std::int8_t code_of(float v, const Affine& to) {
    return static_cast<std::int8_t>(std::clamp(std::round(v / to.scale) + static_cast<float>(to.zero), -128.0F, 127.0F));
}

/// From the codes in front of an activation to those behind it.
Codes table_of(const Affine& from, Activation activation, const Affine& to) {
    Codes table{};
    for (int q = -128; q < 128; ++q)
        table[static_cast<std::size_t>(q + 128)] =
            code_of(activate(activation, from.scale * static_cast<float>(q - from.zero)), to);
    return table;
}

bool is_identity(const Codes& table) {
    for (int q = -128; q < 128; ++q)
        if (table[static_cast<std::size_t>(q + 128)] != q) return false;
    return true;
}

/// (out, in, ky, kx) to (ky, kx, in, out), as integers.
std::vector<std::int8_t> weights_of(const Layer& l, const std::vector<float>& scales) {
    const auto out = static_cast<std::size_t>(l.out.c), taps = static_cast<std::size_t>(l.kernel) * l.kernel;
    const std::size_t in = l.weight.size() / (out * taps);
    std::vector<std::int8_t> w(l.weight.size());
    for (std::size_t o = 0; o < out; ++o)
        for (std::size_t i = 0; i < in; ++i)
            for (std::size_t t = 0; t < taps; ++t)
                w[(t * in + i) * out + o] =
                    static_cast<std::int8_t>(std::lround(l.weight[(o * in + i) * taps + t] / scales[o]));
    return w;
}

class Builder {
  public:
    explicit Builder(const model::Model& model)
        : net_(model.net), q_(*model.quantization), readers_(arch::last_readers(net_)) {}

    QuantLayer build(std::size_t i) {
        const Layer& l = net_.layers[i];
        QuantLayer out{.layer = l};
        out.layer.weight = {};
        out.layer.bias_values = {};
        out.zero_in = code(l.inputs[0]).zero;
        if (l.inputs.size() > 1) out.zero_second = code(l.inputs[1]).zero;
        const Affine& inner = q_.inner[i];
        out.zero_out = inner.zero;
        if (l.activation == Activation::relu) out.low = std::max(-128, inner.zero);
        out.code_scale = q_.tensors[i + 1].scale;
        out.zero_code = q_.tensors[i + 1].zero;
        arithmetic(i, l, inner, out);
        if (!out.output_scale.empty()) return out;
        const bool carries_codes =
            l.kind == LayerKind::max_pool || l.kind == LayerKind::flatten || l.kind == LayerKind::activation;
        const bool done = l.activation == Activation::none || (l.activation == Activation::relu && !carries_codes);
        out.table =
            table_of(carries_codes ? code(l.inputs[0]) : inner, done ? Activation::none : l.activation, q_.tensors[i + 1]);
        out.has_table = !is_identity(out.table);
        return out;
    }

  private:
    const Affine& code(int tensor) const { return q_.tensors[static_cast<std::size_t>(tensor)]; }

    void arithmetic(std::size_t i, const Layer& l, const Affine& inner, QuantLayer& out) const {
        const double in_scale = code(l.inputs[0]).scale, inner_scale = inner.scale;
        switch (l.kind) {
            case LayerKind::conv:
            case LayerKind::linear:
                weighted(i, l, inner_scale, out);
                break;
            case LayerKind::global_avg_pool: {
                const std::int64_t values = l.in.elements() / l.in.c;
                require(values <= kMostTerms, ErrorKind::bad_data,
                        "layer '{}' takes the mean of {} values, at most {} fit into 32 bits", l.name, values, kMostTerms);
                out.rescale = {rescale_of(in_scale / (inner_scale * static_cast<double>(values)))};
                break;
            }
            case LayerKind::add:
                out.rescale = {rescale_of(kFine * in_scale / inner_scale),
                               rescale_of(kFine * code(l.inputs[1]).scale / inner_scale), rescale_of(1 / kFine)};
                break;
            case LayerKind::scale:
                out.rescale = {rescale_of(in_scale * code(l.inputs[1]).scale / inner_scale)};
                break;
            case LayerKind::activation:
            case LayerKind::max_pool:
            case LayerKind::flatten:
                break;
        }
    }

    void weighted(std::size_t i, const Layer& l, double inner_scale, QuantLayer& out) const {
        const std::int64_t terms = l.weight_count() / l.out.c;
        require(terms <= kMostTerms, ErrorKind::bad_data, "layer '{}' sums {} products, at most {} fit into 32 bits", l.name,
                terms, kMostTerms);
        const std::vector<float>& scales = q_.weight_scales[i];
        out.weight = weights_of(l, scales);
        // Floats where the network ends; codes where somebody goes on from them.
        const bool ends = l.activation == Activation::none && l.out.h * l.out.w == 1 && readers_[i + 1] == i &&
                          std::any_of(net_.exits.begin(), net_.exits.end(),
                                      [&](const arch::ExitPoint& e) { return e.tensor == static_cast<int>(i) + 1; });
        for (std::size_t o = 0; o < scales.size(); ++o) {
            const double unit = static_cast<double>(code(l.inputs[0]).scale) * scales[o];
            const double bias = l.bias ? std::round(l.bias_values[o] / unit) : 0.0;
            out.bias.push_back(static_cast<std::int32_t>(std::clamp(bias, -kMostBias, kMostBias)));
            if (ends) {
                out.output_scale.push_back(static_cast<float>(unit));
            } else {
                out.rescale.push_back(rescale_of(unit / inner_scale));
            }
        }
    }

    const arch::NetDesc& net_;
    const model::Quantization& q_;
    std::vector<std::size_t> readers_;
};

}  // namespace

Rescale rescale_of(double factor) {
    assert(factor >= 0);
    int exponent = 0;
    const double fraction = std::frexp(std::min(factor, kMostFactor), &exponent);  // in [0.5, 1)
    auto multiplier = static_cast<std::int64_t>(std::llround(std::ldexp(fraction, 31)));
    if (multiplier == std::int64_t{1} << 31) {
        multiplier /= 2;
        ++exponent;
    }
    const int shift = 31 - exponent;
    if (multiplier == 0 || shift > 62) return {};
    return {.multiplier = static_cast<std::int32_t>(multiplier), .shift = shift};
}

std::int64_t apply(const Rescale& by, std::int64_t x) {
    const std::int64_t product = x * by.multiplier, half = std::int64_t{1} << (by.shift - 1);
    return product >= 0 ? (product + half) >> by.shift : -((half - product) >> by.shift);
}

QuantNet quant_net(const model::Model& model) {
    assert(model.quantization);
    QuantNet net;
    const Affine& input = model.quantization->tensors[0];
    for (std::size_t c = 0; c < model.preprocessing.mean.size(); ++c) {
        Codes& codes = net.input.emplace_back();
        const float mean = model.preprocessing.mean[c], deviation = model.preprocessing.std[c];
        for (int byte = 0; byte < 256; ++byte)
            codes[static_cast<std::size_t>(byte)] = code_of((static_cast<float>(byte) / 255 - mean) / deviation, input);
    }
    Builder builder(model);
    for (std::size_t i = 0; i < model.net.layers.size(); ++i) net.layers.push_back(builder.build(i));
    return net;
}

}  // namespace nachos::runtime
