#include "arch/net_desc.h"

#include "core/error.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace nachos::arch {
namespace {

constexpr int kMaxChannels = 65536;
constexpr int kMaxSide = 16384;
constexpr int kMaxLayers = 10000;
constexpr std::int64_t kMaxElements = std::int64_t{1} << 30;
constexpr std::int64_t kMaxMacs = std::int64_t{1} << 48;  // of a layer: those of all layers together fit 64 bits

/// Output shape that follows from the inputs, or nothing if they do not fit the layer.
std::optional<Shape> derived_shape(const Layer& l, const std::vector<Shape>& in) {
    const Shape& x = in[0];
    switch (l.kind) {
        case LayerKind::conv: {
            const int h = (x.h + 2 * l.padding - l.kernel) / l.stride + 1;
            const int w = (x.w + 2 * l.padding - l.kernel) / l.stride + 1;
            const bool fits = x.c % l.groups == 0 && l.out.c % l.groups == 0 && x.h + 2 * l.padding >= l.kernel &&
                              x.w + 2 * l.padding >= l.kernel;
            return fits ? std::optional(Shape{l.out.c, h, w}) : std::nullopt;
        }
        case LayerKind::linear:
            return x.h == 1 && x.w == 1 ? std::optional(Shape{l.out.c, 1, 1}) : std::nullopt;
        case LayerKind::activation:
            return x;
        case LayerKind::max_pool:
            return x.h >= l.kernel && x.w >= l.kernel ? std::optional(Shape{x.c, x.h / l.kernel, x.w / l.kernel})
                                                      : std::nullopt;
        case LayerKind::global_avg_pool:
            return Shape{x.c, 1, 1};
        case LayerKind::flatten:
            return Shape{static_cast<int>(x.elements()), 1, 1};
        case LayerKind::add:
            return in[1] == x ? std::optional(x) : std::nullopt;
        case LayerKind::scale:
            return in[1] == Shape{x.c, 1, 1} ? std::optional(x) : std::nullopt;
    }
    return std::nullopt;
}

bool sane(const Shape& s) {
    return s.c >= 1 && s.c <= kMaxChannels * 64 && s.h >= 1 && s.h <= kMaxSide && s.w >= 1 && s.w <= kMaxSide &&
           s.elements() <= kMaxElements;
}

std::string text(const Shape& s) { return fmt::format("({}, {}, {})", s.c, s.h, s.w); }

bool all_finite(const std::vector<float>& values) {
    return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

void check_layer(const NetDesc& net, std::size_t index, bool with_weights, const std::string& where) {
    const Layer& l = net.layers[index];
    const auto need = [&](bool ok, const std::string& what) {
        require(ok, ErrorKind::bad_data, "{}: layer {} ('{}'): {}", where, index, l.name, what);
    };
    const std::size_t arity = l.kind == LayerKind::add || l.kind == LayerKind::scale ? 2 : 1;
    need(l.inputs.size() == arity, fmt::format("has {} inputs, {} needs {}", l.inputs.size(), to_string(l.kind), arity));
    std::vector<Shape> in;
    for (const int t : l.inputs) {
        need(t >= 0 && t <= static_cast<int>(index),
             fmt::format("reads tensor {}, tensors 0 to {} exist by then", t, index));
        in.push_back(net.shape_of(t));
    }
    need(l.kernel >= 1 && l.kernel <= 64 && l.stride >= 1 && l.stride <= 64 && l.padding >= 0 && l.padding <= 32 &&
             l.groups >= 1,
         fmt::format("kernel {}, stride {}, padding {}, groups {} are out of range", l.kernel, l.stride, l.padding,
                     l.groups));
    need(sane(l.out), fmt::format("output shape {} is out of range", text(l.out)));
    need(l.in == in[0], fmt::format("input shape {} is not {} of tensor {}", text(l.in), text(in[0]), l.inputs[0]));
    const auto out = derived_shape(l, in);
    need(out.has_value(), fmt::format("{} cannot take input {}", to_string(l.kind), text(in[0])));
    need(*out == l.out, fmt::format("output shape {} is not {}, which follows from its inputs", text(l.out), text(*out)));
    need(l.weight_count() <= kMaxElements,
         fmt::format("needs {} weights, at most {} are allowed", l.weight_count(), kMaxElements));
    need(l.macs() <= kMaxMacs, fmt::format("costs {} MACs, at most {} are allowed", l.macs(), kMaxMacs));
    need(l.exit >= 0 && l.exit < net.exit_count(),
         fmt::format("exit {} does not exist, there are {}", l.exit, net.exit_count()));
    if (!with_weights || !l.has_weights()) return;
    need(!l.batch_norm, "batch norm is not folded");
    need(static_cast<std::int64_t>(l.weight.size()) == l.weight_count(),
         fmt::format("has {} weights, {} are needed", l.weight.size(), l.weight_count()));
    const std::size_t biases = l.bias ? static_cast<std::size_t>(l.out.c) : 0;
    need(l.bias_values.size() == biases, fmt::format("has {} biases, {} are needed", l.bias_values.size(), biases));
    need(all_finite(l.weight) && all_finite(l.bias_values), "holds weights that are not finite");
}

void check_exits(const NetDesc& net, const std::string& where) {
    int last = 0;
    for (int i = 0; i < net.exit_count(); ++i) {
        const ExitPoint& e = net.exits[static_cast<std::size_t>(i)];
        require(e.tensor > last && e.tensor <= static_cast<int>(net.layers.size()), ErrorKind::bad_data,
                "{}: exit {} ends at tensor {}, tensors {} to {} are allowed", where, i, e.tensor, last + 1,
                net.layers.size());
        require(e.has_gate == (i + 1 < net.exit_count()), ErrorKind::bad_data,
                "{}: exit {}: every exit but the final one has a gate", where, i);
        const Shape wanted{net.classes + (e.has_gate ? 1 : 0), 1, 1};
        require(net.shape_of(e.tensor) == wanted, ErrorKind::bad_data, "{}: exit {} has shape {}, {} is needed", where, i,
                text(net.shape_of(e.tensor)), text(wanted));
        for (int t = last; t < e.tensor; ++t) {
            require(net.layers[static_cast<std::size_t>(t)].exit == i, ErrorKind::bad_data,
                    "{}: layer {} stands before exit {} but is counted to exit {}", where, t, i,
                    net.layers[static_cast<std::size_t>(t)].exit);
        }
        last = e.tensor;
    }
    require(last == static_cast<int>(net.layers.size()), ErrorKind::bad_data, "{}: {} layers follow the final exit", where,
            static_cast<int>(net.layers.size()) - last);
}

}  // namespace

const char* to_string(LayerKind kind) {
    constexpr const char* kNames[] = {"conv",    "linear", "activation", "max_pool", "global_avg_pool",
                                      "flatten", "add",    "scale"};
    return kNames[static_cast<int>(kind)];
}

const char* to_string(Activation activation) {
    constexpr const char* kNames[] = {"none", "relu", "hard_swish", "hard_sigmoid"};
    return kNames[static_cast<int>(activation)];
}

std::vector<std::int64_t> Layer::weight_shape() const {
    if (kind == LayerKind::conv) return {out.c, in.c / groups, kernel, kernel};
    if (kind == LayerKind::linear) return {out.c, in.c};
    return {};
}

std::int64_t Layer::weight_count() const {
    if (!has_weights()) return 0;
    std::int64_t n = 1;
    for (const std::int64_t d : weight_shape()) n *= d;
    return n;
}

std::int64_t Layer::macs() const { return weight_count() * out.h * out.w; }

std::int64_t Layer::params() const { return weight_count() + (has_weights() && (bias || batch_norm) ? out.c : 0); }

std::vector<std::size_t> last_readers(const NetDesc& net) {
    std::vector<std::size_t> last(net.layers.size() + 1, 0);
    for (std::size_t i = 0; i < net.layers.size(); ++i) {
        last[i + 1] = i;
        for (const int t : net.layers[i].inputs) last[static_cast<std::size_t>(t)] = i;
    }
    return last;
}

void check(const NetDesc& net, bool with_weights, const std::string& where) {
    require(sane(net.input), ErrorKind::bad_data, "{}: input shape {} is out of range", where, text(net.input));
    require(net.classes >= 2 && net.classes < kMaxChannels, ErrorKind::bad_data, "{}: {} classes, 2 to {} are allowed",
            where, net.classes, kMaxChannels - 1);
    require(!net.exits.empty(), ErrorKind::bad_data, "{}: has no final exit", where);
    require(!net.layers.empty() && net.layers.size() <= kMaxLayers, ErrorKind::bad_data,
            "{}: {} layers, 1 to {} are allowed", where, net.layers.size(), kMaxLayers);
    for (std::size_t i = 0; i < net.layers.size(); ++i) check_layer(net, i, with_weights, where);
    check_exits(net, where);
}

}  // namespace nachos::arch
