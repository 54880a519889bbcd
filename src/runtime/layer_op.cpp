#include "runtime/layer_op.h"

#include "core/error.h"

#include <xnnpack.h>

#include <algorithm>
#include <array>
#include <limits>

namespace nachos::runtime {
namespace {

using arch::Activation;
using arch::Layer;
using arch::LayerKind;

struct Range {
    float min = -std::numeric_limits<float>::infinity();
    float max = std::numeric_limits<float>::infinity();
};

Range range_of(const Layer& l) { return l.activation == Activation::relu ? Range{.min = 0} : Range{}; }

void ok(xnn_status status, const Layer& layer) {
    require(status == xnn_status_success, ErrorKind::runtime, "XNNPACK refuses layer '{}' (status {})", layer.name,
            static_cast<int>(status));
}

void initialise() {
    static const xnn_status status = xnn_initialize(nullptr);
    require(status == xnn_status_success, ErrorKind::runtime, "XNNPACK does not run on this CPU (status {})",
            static_cast<int>(status));
}

std::size_t size(int v) { return static_cast<std::size_t>(v); }

/// (out, in, kernel, kernel) to (out, kernel, kernel, in).
std::vector<float> channels_last(const Layer& l) {
    const std::size_t in = size(l.in.c / l.groups), taps = size(l.kernel) * size(l.kernel);
    std::vector<float> w(l.weight.size());
    for (std::size_t o = 0; o < size(l.out.c); ++o) {
        for (std::size_t c = 0; c < in; ++c) {
            for (std::size_t t = 0; t < taps; ++t) w[(o * taps + t) * in + c] = l.weight[(o * in + c) * taps + t];
        }
    }
    return w;
}

xnn_operator_t convolution(const Layer& l) {
    const auto pad = static_cast<std::uint32_t>(l.padding), kernel = static_cast<std::uint32_t>(l.kernel),
               stride = static_cast<std::uint32_t>(l.stride), groups = static_cast<std::uint32_t>(l.groups);
    const Range range = range_of(l);
    const std::vector<float> weight = channels_last(l);
    xnn_operator_t op = nullptr;
    ok(xnn_create_convolution2d_nhwc_f32(pad, pad, pad, pad, kernel, kernel, stride, stride, 1, 1, groups,
                                         size(l.in.c / l.groups), size(l.out.c / l.groups), size(l.in.c), size(l.out.c),
                                         weight.data(), l.bias ? l.bias_values.data() : nullptr, range.min, range.max, 0,
                                         &op),
       l);
    return op;
}

xnn_operator_t create(const Layer& l) {
    const Range range = range_of(l);
    const std::size_t in = size(l.in.c);
    xnn_operator_t op = nullptr;
    switch (l.kind) {
        case LayerKind::conv:
            return convolution(l);
        case LayerKind::activation:
            if (l.activation == Activation::relu) ok(xnn_create_clamp_nc_f32(in, in, in, range.min, range.max, 0, &op), l);
            break;
        case LayerKind::max_pool:  // ours take all of them
        case LayerKind::global_avg_pool:
        case LayerKind::linear:
        case LayerKind::flatten:
            break;
        case LayerKind::add:
            ok(xnn_create_add_nd_f32(range.min, range.max, 0, &op), l);
            break;
        case LayerKind::scale:
            ok(xnn_create_multiply_nd_f32(range.min, range.max, 0, &op), l);
            break;
    }
    return op;
}

}  // namespace

void LayerOp::Delete::operator()(xnn_operator* op) const { xnn_delete_operator(op); }

LayerOp::LayerOp(const Layer& layer) : layer_(layer) {
    initialise();
    if (Depthwise::fits(layer)) {
        own_.emplace<Depthwise>(layer);
    } else if (Dense::fits(layer)) {
        own_.emplace<Dense>(layer);
    } else if (Pool::fits(layer)) {
        own_.emplace<Pool>(layer);
    } else {
        op_.reset(create(layer));
    }
    if (own_.index() == 0 && layer.activation == Activation::hard_swish) {
        xnn_operator_t op = nullptr;
        const std::size_t c = size(layer.out.c);
        ok(xnn_create_hardswish_nc_f32(c, c, c, 0, &op), layer);
        hard_swish_.reset(op);
    }
    layer_.weight.clear();
    layer_.bias_values.clear();
}

void LayerOp::setup(std::size_t n, const float* in, const float* second, float* out) {
    xnn_operator_t op = op_.get();
    const std::size_t h = size(layer_.in.h), w = size(layer_.in.w), c = size(layer_.in.c);
    switch (layer_.kind) {
        case LayerKind::conv:
            return ok(xnn_setup_convolution2d_nhwc_f32(op, n, h, w, in, out, nullptr), layer_);
        case LayerKind::activation:
            return ok(xnn_setup_clamp_nc_f32(op, n * h * w, in, out, nullptr), layer_);
        case LayerKind::add: {
            const std::array shape{n * h * w * c};
            return ok(xnn_setup_add_nd_f32(op, 1, shape.data(), 1, shape.data(), in, second, out, nullptr), layer_);
        }
        case LayerKind::scale: {
            const std::array map{n, h * w, c}, factors{n, std::size_t{1}, c};
            return ok(xnn_setup_multiply_nd_f32(op, 3, map.data(), 3, factors.data(), in, second, out, nullptr), layer_);
        }
        case LayerKind::max_pool:
        case LayerKind::global_avg_pool:
        case LayerKind::linear:
        case LayerKind::flatten:
            break;
    }
}

void LayerOp::flatten(int n, const float* in, float* out) const {
    const std::size_t plane = size(layer_.in.h) * size(layer_.in.w), c = size(layer_.in.c);
    for (std::size_t s = 0; s < size(n); ++s, in += plane * c, out += plane * c) {
        for (std::size_t p = 0; p < plane; ++p) {
            for (std::size_t i = 0; i < c; ++i) out[i * plane + p] = in[p * c + i];
        }
    }
}

void LayerOp::run(int n, const float* in, const float* second, float* out) {
    if (auto* own = std::get_if<Depthwise>(&own_)) return own->run(n, in, out);
    if (auto* own = std::get_if<Dense>(&own_)) return own->run(n, in, out);
    if (auto* own = std::get_if<Pool>(&own_)) return own->run(n, in, out);
    const std::size_t elements = size(n) * static_cast<std::size_t>(layer_.out.elements());
    if (op_) {
        setup(size(n), in, second, out);
        ok(xnn_run_operator(op_.get(), nullptr), layer_);
    } else if (layer_.kind == LayerKind::flatten) {
        flatten(n, in, out);
    } else {
        std::copy_n(in, elements, out);
    }
    if (hard_swish_) {
        const std::size_t rows = size(n) * size(layer_.out.h) * size(layer_.out.w);
        ok(xnn_setup_hardswish_nc_f32(hard_swish_.get(), rows, out, out, nullptr), layer_);
        ok(xnn_run_operator(hard_swish_.get(), nullptr), layer_);
    } else if (layer_.activation == Activation::hard_sigmoid) {
        for (std::size_t i = 0; i < elements; ++i) out[i] = std::clamp(out[i] + 3.0F, 0.0F, 6.0F) * (1.0F / 6.0F);
    }
}

}  // namespace nachos::runtime
