#include "runtime/quant_engine.h"

#include "core/error.h"

#include <algorithm>
#include <cassert>

namespace nachos::runtime {
namespace {

using arch::Layer;
using arch::LayerKind;

constexpr std::int64_t kMaxArena = std::int64_t{1} << 32;

std::int8_t finish(const QuantLayer& l, std::int64_t value) {
    const auto code = static_cast<int>(std::clamp<std::int64_t>(value + l.zero_out, l.low, 127));
    return l.has_table ? l.table[static_cast<std::size_t>(code + 128)] : static_cast<std::int8_t>(code);
}

std::int8_t through_table(const QuantLayer& l, std::int8_t code) {
    return l.has_table ? l.table[static_cast<std::size_t>(code + 128)] : code;
}

/// Sums of one output position, bias included; `sums` (out.c).
void convolve(const QuantLayer& q, const std::int8_t* in, int oy, int ox, std::int32_t* sums) {
    const Layer& l = q.layer;
    const int out = l.out.c, per_in = l.in.c / l.groups, per_out = out / l.groups;
    const bool depthwise = per_in == 1 && per_out == 1;
    std::copy(q.bias.begin(), q.bias.end(), sums);
    for (int ky = 0; ky < l.kernel; ++ky) {
        const int iy = oy * l.stride + ky - l.padding;
        if (iy < 0 || iy >= l.in.h) continue;
        for (int kx = 0; kx < l.kernel; ++kx) {
            const int ix = ox * l.stride + kx - l.padding;
            if (ix < 0 || ix >= l.in.w) continue;
            const std::int8_t* from = in + (static_cast<std::ptrdiff_t>(iy) * l.in.w + ix) * l.in.c;
            const std::int8_t* tap = q.weight.data() + (static_cast<std::ptrdiff_t>(ky) * l.kernel + kx) * per_in * out;
            if (depthwise) {
                for (int o = 0; o < out; ++o) sums[o] += (from[o] - q.zero_in) * tap[o];
            } else if (l.groups == 1) {
                for (int i = 0; i < per_in; ++i, tap += out) {
                    const int v = from[i] - q.zero_in;
                    for (int o = 0; o < out; ++o) sums[o] += v * tap[o];
                }
            } else {
                for (int i = 0; i < per_in; ++i, tap += out)
                    for (int o = 0; o < out; ++o) sums[o] += (from[o / per_out * per_in + i] - q.zero_in) * tap[o];
            }
        }
    }
}

/// A convolution, or a linear layer as one of a map of one pixel.
void weighted(const QuantLayer& q, const std::int8_t* in, std::int8_t* out, float* floats, std::int32_t* sums) {
    const Layer& l = q.layer;
    const auto channels = static_cast<std::size_t>(l.out.c);
    for (int oy = 0; oy < l.out.h; ++oy) {
        for (int ox = 0; ox < l.out.w; ++ox) {
            convolve(q, in, oy, ox, sums);
            for (std::size_t o = 0; o < channels; ++o) {
                if (q.output_scale.empty()) {
                    *out++ = finish(q, apply(q.rescale[o], sums[o]));
                } else {
                    *floats++ = static_cast<float>(sums[o]) * q.output_scale[o];
                }
            }
        }
    }
}

void max_pool(const QuantLayer& q, const std::int8_t* in, std::int8_t* out) {
    const Layer& l = q.layer;
    for (int oy = 0; oy < l.out.h; ++oy)
        for (int ox = 0; ox < l.out.w; ++ox)
            for (int c = 0; c < l.out.c; ++c) {
                std::int8_t most = -128;
                for (int ky = 0; ky < l.kernel; ++ky)
                    for (int kx = 0; kx < l.kernel; ++kx)
                        most = std::max(
                            most,
                            in[((static_cast<std::ptrdiff_t>(oy) * l.kernel + ky) * l.in.w + ox * l.kernel + kx) * l.in.c +
                               c]);
                *out++ = through_table(q, most);
            }
}

void average(const QuantLayer& q, const std::int8_t* in, std::int8_t* out, std::int32_t* sums) {
    const int plane = q.layer.in.h * q.layer.in.w, channels = q.layer.in.c;
    std::fill_n(sums, channels, 0);
    for (int p = 0; p < plane; ++p, in += channels)
        for (int c = 0; c < channels; ++c) sums[c] += in[c] - q.zero_in;
    for (int c = 0; c < channels; ++c) out[c] = finish(q, apply(q.rescale[0], sums[c]));
}

void flatten(const QuantLayer& q, const std::int8_t* in, std::int8_t* out) {
    const int plane = q.layer.in.h * q.layer.in.w, channels = q.layer.in.c;
    for (int c = 0; c < channels; ++c)
        for (int p = 0; p < plane; ++p) *out++ = through_table(q, in[p * channels + c]);
}

}  // namespace

QuantEngine::QuantEngine(const model::Model& model, int max_batch)
    : max_batch_(max_batch), net_(quant_net(model)), arena_(model.net, max_batch, 1, 0) {
    require(arena_.size() <= kMaxArena, ErrorKind::runtime,
            "the network needs {} bytes for its activations in batches of {}, at most {} are accepted", arena_.size(),
            max_batch, kMaxArena);
    memory_.resize(static_cast<std::size_t>(arena_.size()));
    arena_.place(memory_.data());
    std::size_t width = 0, channels = 0;
    for (const Stage& stage : arena_.stages()) width = std::max(width, static_cast<std::size_t>(stage.width));
    for (const QuantLayer& l : net_.layers) channels = std::max(channels, static_cast<std::size_t>(l.layer.out.c));
    outputs_.resize(width * static_cast<std::size_t>(max_batch));
    sums_.resize(channels);
}

void QuantEngine::start(int n, std::span<const std::uint8_t> pixels) {
    assert(n > 0 && n <= max_batch_ && static_cast<std::int64_t>(pixels.size()) == n * arena_.elements(0));
    std::int8_t* to = arena_.tensor(0);
    for (std::size_t i = 0; i < pixels.size(); i += net_.input.size())
        for (std::size_t c = 0; c < net_.input.size(); ++c) *to++ = net_.input[c][pixels[i + c]];
    n_ = n;
    next_ = 0;
}

void QuantEngine::run(const QuantLayer& q, std::size_t i) {
    const Layer& l = q.layer;
    const std::int64_t in_size = arena_.elements(l.inputs[0]), out_size = arena_.elements(static_cast<int>(i) + 1);
    const std::int8_t* in = arena_.tensor(l.inputs[0]);
    const std::int8_t* second = l.inputs.size() > 1 ? arena_.tensor(l.inputs[1]) : nullptr;
    std::int8_t* out = arena_.tensor(static_cast<int>(i) + 1);
    for (int n = 0; n < n_; ++n, in += in_size, out += out_size) {
        switch (l.kind) {
            case LayerKind::conv:
            case LayerKind::linear:
                weighted(q, in, out, outputs_.data() + n * out_size, sums_.data());
                break;
            case LayerKind::max_pool:
                max_pool(q, in, out);
                break;
            case LayerKind::global_avg_pool:
                average(q, in, out, sums_.data());
                break;
            case LayerKind::flatten:
                flatten(q, in, out);
                break;
            case LayerKind::activation:
                std::transform(in, in + in_size, out, [&](std::int8_t v) { return through_table(q, v); });
                break;
            case LayerKind::add:
                for (std::int64_t e = 0; e < out_size; ++e)
                    out[e] = finish(q, apply(q.rescale[2], apply(q.rescale[0], in[e] - q.zero_in) +
                                                               apply(q.rescale[1], second[e] - q.zero_second)));
                second += out_size;
                break;
            case LayerKind::scale:
                for (std::int64_t e = 0; e < out_size; ++e)
                    out[e] = finish(q, apply(q.rescale[0], static_cast<std::int64_t>(in[e] - q.zero_in) *
                                                               (second[e % l.in.c] - q.zero_second)));
                second += l.in.c;
                break;
        }
    }
}

std::span<const float> QuantEngine::advance() {
    assert(next_ < arena_.stages().size());
    const Stage& stage = arena_.stages()[next_++];
    for (std::size_t i = stage.begin; i < stage.end; ++i) run(net_.layers[i], i);
    const QuantLayer& last = net_.layers[static_cast<std::size_t>(stage.output) - 1];
    const auto values = static_cast<std::size_t>(stage.width * n_);
    if (last.output_scale.empty()) {
        const std::int8_t* codes = arena_.tensor(stage.output);
        for (std::size_t v = 0; v < values; ++v)
            outputs_[v] = static_cast<float>(codes[v] - last.zero_code) * last.code_scale;
    }
    return {outputs_.data(), values};
}

void QuantEngine::keep(std::span<const int> rows) {
    assert(next_ > 0 && static_cast<int>(rows.size()) <= n_);
    if (static_cast<int>(rows.size()) == n_) return;
    arena_.keep(arena_.stages()[next_ - 1], rows);
    n_ = static_cast<int>(rows.size());
}

}  // namespace nachos::runtime
