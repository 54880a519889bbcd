#include "policy/confidence.h"
#include "runtime/runtime.h"

#include <algorithm>
#include <cassert>
#include <functional>

namespace nachos::runtime {
namespace {

using arch::Activation;
using arch::Layer;
using arch::LayerKind;
using arch::NetDesc;
using arch::Shape;

using Map = std::vector<float>;  // (C, H, W)

float activate(Activation activation, float x) {
    const auto relu6 = [](float v) { return std::clamp(v, 0.0F, 6.0F); };
    switch (activation) {
        case Activation::none:
            break;
        case Activation::relu:
            return std::max(x, 0.0F);
        case Activation::hard_swish:
            return x * relu6(x + 3) / 6;
        case Activation::hard_sigmoid:
            return relu6(x + 3) / 6;
    }
    return x;
}

/// Geometry of a convolution. A 1x1 convolution sees the map as one long row.
struct Conv {
    int kernel, stride, padding;
    Shape in, out;
};

Conv conv_of(const Layer& l) {
    Conv c{l.kernel, l.stride, l.padding, l.in, l.out};
    if (l.kernel == 1 && l.stride == 1 && l.padding == 0) {
        c.in = {l.in.c, 1, l.in.h * l.in.w};
        c.out = {l.out.c, 1, l.out.h * l.out.w};
    }
    return c;
}

/// The output positions at which offset `k` of the kernel falls into a row or column of `in` pixels.
struct Positions {
    int begin, end;
};

Positions positions(const Conv& c, int k, int in, int out) {
    const int first = std::max(0, c.padding - k);  // least o * stride that falls inside
    const int last = in - 1 + c.padding - k;       // most
    return {(first + c.stride - 1) / c.stride, last < 0 ? 0 : std::min(out, last / c.stride + 1)};
}

/// Adds one input plane, convolved with one kernel, to one output plane.
void add_plane(const Conv& c, const float* weight, const float* in, float* out) {
    for (int ky = 0; ky < c.kernel; ++ky) {
        const Positions rows = positions(c, ky, c.in.h, c.out.h);
        for (int kx = 0; kx < c.kernel; ++kx) {
            const float w = weight[ky * c.kernel + kx];
            const Positions columns = positions(c, kx, c.in.w, c.out.w);
            for (int y = rows.begin; y < rows.end; ++y) {
                const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(y) * c.stride + ky - c.padding;
                const std::ptrdiff_t from = row * c.in.w + kx - c.padding;
                float* to = out + static_cast<std::ptrdiff_t>(y) * c.out.w;
                for (std::ptrdiff_t x = columns.begin; x < columns.end; ++x) to[x] += w * in[from + x * c.stride];
            }
        }
    }
}

void convolve(const Layer& l, const Map& in, Map& out) {
    const Conv conv = conv_of(l);
    const int in_per_group = l.in.c / l.groups;
    const int out_per_group = l.out.c / l.groups;
    const std::ptrdiff_t in_plane = static_cast<std::ptrdiff_t>(l.in.h) * l.in.w;
    const std::ptrdiff_t out_plane = static_cast<std::ptrdiff_t>(l.out.h) * l.out.w;
    const std::ptrdiff_t taps = static_cast<std::ptrdiff_t>(l.kernel) * l.kernel;
    const float* weight = l.weight.data();
    for (int o = 0; o < l.out.c; ++o) {
        float* to = out.data() + o * out_plane;
        if (l.bias) std::fill(to, to + out_plane, l.bias_values[static_cast<std::size_t>(o)]);
        const float* from = in.data() + static_cast<std::ptrdiff_t>(o / out_per_group) * in_per_group * in_plane;
        for (int c = 0; c < in_per_group; ++c, weight += taps) add_plane(conv, weight, from + c * in_plane, to);
    }
}

void multiply(const Layer& l, const Map& in, Map& out) {
    const float* weight = l.weight.data();
    for (std::size_t o = 0; o < out.size(); ++o) {
        float sum = l.bias ? l.bias_values[o] : 0;
        for (const float x : in) sum += x * *weight++;
        out[o] = sum;
    }
}

float window_max(const Layer& l, const float* corner) {
    float most = *corner;
    for (int y = 0; y < l.kernel; ++y, corner += l.in.w) most = std::max(most, *std::max_element(corner, corner + l.kernel));
    return most;
}

void max_pool(const Layer& l, const Map& in, Map& out) {
    auto to = out.begin();
    for (int c = 0; c < l.out.c; ++c) {
        for (int y = 0; y < l.out.h; ++y) {
            const std::ptrdiff_t top = static_cast<std::ptrdiff_t>(c) * l.in.h + static_cast<std::ptrdiff_t>(y) * l.kernel;
            const float* row = in.data() + top * l.in.w;
            for (int x = 0; x < l.out.w; ++x, row += l.kernel) *to++ = window_max(l, row);
        }
    }
}

void average(const Map& in, Map& out) {
    const std::size_t plane = in.size() / out.size();
    for (std::size_t c = 0; c < out.size(); ++c) {
        double sum = 0;
        for (std::size_t i = 0; i < plane; ++i) sum += in[c * plane + i];
        out[c] = static_cast<float>(sum / static_cast<double>(plane));
    }
}

void scale(const Map& in, const Map& factors, Map& out) {
    const std::size_t plane = in.size() / factors.size();
    for (std::size_t i = 0; i < in.size(); ++i) out[i] = in[i] * factors[i / plane];
}

Map run_layer(const Layer& l, const std::vector<Map>& tensors) {
    assert(!l.batch_norm);
    const auto input = [&](std::size_t i) -> const Map& { return tensors[static_cast<std::size_t>(l.inputs[i])]; };
    const Map& in = input(0);
    Map out(static_cast<std::size_t>(l.out.elements()));
    switch (l.kind) {
        case LayerKind::conv:
            convolve(l, in, out);
            break;
        case LayerKind::linear:
            multiply(l, in, out);
            break;
        case LayerKind::activation:
        case LayerKind::flatten:
            out = in;
            break;
        case LayerKind::max_pool:
            max_pool(l, in, out);
            break;
        case LayerKind::global_avg_pool:
            average(in, out);
            break;
        case LayerKind::add:
            std::transform(in.begin(), in.end(), input(1).begin(), out.begin(), std::plus<>());
            break;
        case LayerKind::scale:
            scale(in, input(1), out);
            break;
    }
    for (float& v : out) v = activate(l.activation, v);
    return out;
}

}  // namespace

int run_staged(const NetDesc& net, std::span<const float> input,
               const std::function<bool(int exit, std::span<const float> output)>& stop) {
    assert(static_cast<std::int64_t>(input.size()) == net.input.elements());
    const auto last = arch::last_readers(net);
    std::vector<Map> tensors(net.layers.size() + 1);
    tensors[0].assign(input.begin(), input.end());
    int exit = 0;
    for (std::size_t i = 0; i < net.layers.size(); ++i) {
        tensors[i + 1] = run_layer(net.layers[i], tensors);
        for (const int t : net.layers[i].inputs) {
            if (last[static_cast<std::size_t>(t)] == i) Map().swap(tensors[static_cast<std::size_t>(t)]);
        }
        if (net.exits[static_cast<std::size_t>(exit)].tensor != static_cast<int>(i) + 1) continue;
        if (stop(exit, tensors[i + 1]) || exit + 1 == net.exit_count()) break;
        ++exit;
    }
    return exit;
}

bool leaves(const model::Model& model, const policy::Thresholds& thresholds, int exit, std::span<const float> output,
            Heard& heard, Inference& result) {
    const int classes = model.net.classes;
    const auto k = static_cast<std::size_t>(classes);
    heard.logits.insert(heard.logits.end(), output.begin(), output.begin() + classes);
    heard.gates.push_back(output.size() > k ? output[k] : 0.0F);
    const bool final = exit + 1 == model.net.exit_count();
    if (!final && !thresholds[static_cast<std::size_t>(exit)]) return false;
    const policy::Measure measure = final ? policy::Measure::max_prob : model.measure;
    result.confidence = policy::confidence_at(measure, model.calibration, heard.logits, heard.gates, exit, classes);
    if (!final && result.confidence < *thresholds[static_cast<std::size_t>(exit)]) return false;
    result.exit = exit;
    result.predicted = static_cast<int>(std::max_element(output.begin(), output.begin() + classes) - output.begin());
    result.macs = model.costs.executed_macs[static_cast<std::size_t>(exit)];
    return true;
}

Inference infer(const model::Model& model, const policy::Thresholds& thresholds, std::span<const std::uint8_t> pixels) {
    assert(thresholds.size() + 1 == model.net.exits.size());
    Inference result;
    Heard heard;
    run_staged(model.net, preprocess(model.preprocessing, pixels), [&](int exit, std::span<const float> output) {
        return leaves(model, thresholds, exit, output, heard, result);
    });
    return result;
}

std::vector<float> preprocess(const model::Preprocessing& p, std::span<const std::uint8_t> pixels) {
    const auto channels = static_cast<std::size_t>(p.channels);
    const std::size_t plane = static_cast<std::size_t>(p.height) * static_cast<std::size_t>(p.width);
    assert(pixels.size() == plane * channels);
    std::vector<float> input(pixels.size());
    for (std::size_t c = 0; c < channels; ++c) {
        for (std::size_t i = 0; i < plane; ++i) {
            input[c * plane + i] = (static_cast<float>(pixels[i * channels + c]) / 255 - p.mean[c]) / p.std[c];
        }
    }
    return input;
}

}  // namespace nachos::runtime
