#include "runtime/dense.h"

#include "runtime/padded.h"
#include "runtime/row_tiles.h"

#include <algorithm>
#include <cassert>

namespace nachos::runtime {
namespace {

std::size_t size(std::int64_t v) { return static_cast<std::size_t>(v); }

}  // namespace

bool Dense::fits(const arch::Layer& l) {
    return l.kind == arch::LayerKind::linear || (l.kind == arch::LayerKind::conv && l.groups == 1);
}

Dense::Dense(const arch::Layer& l)
    : in_(l.in), out_(l.out), kernel_(l.kernel), stride_(l.stride), padding_(l.padding), activation_(l.activation) {
    assert(fits(l));
    const std::int64_t blocks = (out_.c + kBlock - 1) / kBlock, taps = static_cast<std::int64_t>(kernel_) * kernel_;
    weight_.assign(size(blocks * taps * in_.c * kBlock), 0.0F);
    bias_.assign(size(blocks * kBlock), 0.0F);
    for (std::int64_t o = 0; o < out_.c; ++o) {
        for (std::int64_t i = 0; i < in_.c; ++i) {
            for (std::int64_t t = 0; t < taps; ++t)
                weight_[size(((o / kBlock * taps + t) * in_.c + i) * kBlock + o % kBlock)] =
                    l.weight[size((o * in_.c + i) * taps + t)];
        }
    }
    if (l.bias) std::copy(l.bias_values.begin(), l.bias_values.end(), bias_.begin());
    if (padding_ > 0)
        padded_.assign(size(static_cast<std::int64_t>(in_.h + 2 * padding_) * (in_.w + 2 * padding_) * in_.c), 0.0F);
}

void Dense::run(int n, const float* in, float* out) {
    const std::int64_t pixels = static_cast<std::int64_t>(out_.h) * out_.w;
    RowTiles tiles{.in = in,
                   .weight = weight_.data(),
                   .bias = bias_.data(),
                   .out = out,
                   .rows = n * pixels,
                   .n = out_.c,
                   .k = in_.c,
                   .row_step = in_.c,
                   .activation = activation_};
    if (kernel_ == 1 && stride_ == 1 && padding_ == 0) return runtime::run(tiles);
    const std::int64_t image = in_.elements(), padded_row = static_cast<std::int64_t>(in_.w + 2 * padding_) * in_.c;
    tiles.lines = out_.h;
    tiles.rows = out_.w;
    tiles.segments = kernel_;
    tiles.k = static_cast<std::int64_t>(kernel_) * in_.c;
    tiles.line_step = stride_ * padded_row;
    tiles.row_step = static_cast<std::int64_t>(stride_) * in_.c;
    tiles.segment_step = padded_row;
    for (int i = 0; i < n; ++i, in += image, tiles.out += pixels * out_.c) {
        tiles.in = in;
        if (padding_ > 0) {
            copy_inside(in, in_.h, static_cast<std::int64_t>(in_.w) * in_.c, padding_ * (padded_row + in_.c), padded_row,
                        padded_.data());
            tiles.in = padded_.data();
        }
        runtime::run(tiles);
    }
}

}  // namespace nachos::runtime
