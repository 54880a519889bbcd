#include "runtime/depthwise.h"

#include "runtime/padded.h"
#include "runtime/simd.h"

#include <algorithm>
#include <cassert>

namespace nachos::runtime {
namespace {

using arch::Activation;

/// One output row of one image: `in` is the padded row under its first kernel row.
struct Row {
    const float* in;
    const float* weight;
    const float* bias;
    float* out;
    std::int64_t row_stride;  ///< of the padded image, in floats
    std::int64_t c, out_w;
    Activation activation;
};

/// T neighbouring outputs of L channels, S inputs apart, held in registers; what a row of the kernel covers is loaded once.
template <int K, int S, int L, int T>
NACHOS_INLINE void outputs(const Row& r, std::int64_t x, std::int64_t c) {
    using V = typename Lanes<L>::type;
    constexpr int kCovered = S * (T - 1) + K;
    V sum[T];
#pragma GCC unroll 8
    for (int t = 0; t < T; ++t) sum[t] = Lanes<L>::load(r.bias + c);
    const float* from = r.in + x * S * r.c + c;
    const float* weight = r.weight + c;
    for (int ky = 0; ky < K; ++ky, from += r.row_stride) {
        V v[kCovered];
#pragma GCC unroll 19
        for (int i = 0; i < kCovered; ++i) v[i] = Lanes<L>::load(from + i * r.c);
#pragma GCC unroll 7
        for (int kx = 0; kx < K; ++kx, weight += r.c) {
            const V w = Lanes<L>::load(weight);
#pragma GCC unroll 8
            for (int t = 0; t < T; ++t) sum[t] += w * v[t * S + kx];
        }
    }
#pragma GCC unroll 8
    for (int t = 0; t < T; ++t) {
        Lanes<L>::activate(sum[t], r.activation);
        Lanes<L>::store(r.out + (x + t) * r.c + c, sum[t]);
    }
}

template <int K, int S, int L>
NACHOS_INLINE void channels_of_row(const Row& r, std::int64_t c) {
    std::int64_t x = 0;
    if (r.out_w % 7 == 0) {
        for (; x < r.out_w; x += 7) outputs<K, S, L, 7>(r, x, c);
        return;
    }
    for (; x + 4 <= r.out_w; x += 4) outputs<K, S, L, 4>(r, x, c);
    for (; x < r.out_w; ++x) outputs<K, S, L, 1>(r, x, c);
}

template <int K, int S>
NACHOS_INLINE void whole_image(Row r, std::int64_t rows) {
    for (std::int64_t y = 0; y < rows; ++y, r.in += S * r.row_stride, r.out += r.out_w * r.c) {
        std::int64_t c = 0;
        for (; c + 16 <= r.c; c += 16) channels_of_row<K, S, 16>(r, c);
        for (; c + 8 <= r.c; c += 8) channels_of_row<K, S, 8>(r, c);
        for (; c + 4 <= r.c; c += 4) channels_of_row<K, S, 4>(r, c);
        for (; c < r.c; ++c) channels_of_row<K, S, 1>(r, c);
    }
}

using Image = void(const Row& first, std::int64_t rows);
NACHOS_CLONES void image31(const Row& first, std::int64_t rows) { whole_image<3, 1>(first, rows); }
NACHOS_CLONES void image32(const Row& first, std::int64_t rows) { whole_image<3, 2>(first, rows); }
NACHOS_CLONES void image51(const Row& first, std::int64_t rows) { whole_image<5, 1>(first, rows); }
NACHOS_CLONES void image52(const Row& first, std::int64_t rows) { whole_image<5, 2>(first, rows); }
NACHOS_CLONES void image71(const Row& first, std::int64_t rows) { whole_image<7, 1>(first, rows); }
NACHOS_CLONES void image72(const Row& first, std::int64_t rows) { whole_image<7, 2>(first, rows); }

/// By kernel 3, 5, 7 and stride 1, 2.
Image* image_of(int kernel, std::int64_t stride) {
    if (kernel == 3) return stride == 1 ? image31 : image32;
    if (kernel == 5) return stride == 1 ? image51 : image52;
    return stride == 1 ? image71 : image72;
}

}  // namespace

bool Depthwise::fits(const arch::Layer& l) {
    return l.kind == arch::LayerKind::conv && l.groups == l.in.c && l.out.c == l.in.c && l.padding == l.kernel / 2 &&
           (l.kernel == 3 || l.kernel == 5 || l.kernel == 7) && l.stride <= 2;
}

Depthwise::Depthwise(const arch::Layer& l)
    : h_(l.in.h),
      w_(l.in.w),
      out_h_(l.out.h),
      out_w_(l.out.w),
      channels_(l.in.c),
      padding_(l.padding),
      kernel_(l.kernel),
      stride_(l.stride),
      activation_(l.activation),
      weight_(l.weight.size()),
      bias_(static_cast<std::size_t>(l.in.c), 0.0F),
      padded_(static_cast<std::size_t>((h_ + 2 * padding_) * (w_ + 2 * padding_) * channels_), 0.0F) {
    assert(fits(l));
    const auto taps = static_cast<std::size_t>(kernel_ * kernel_), channels = bias_.size();
    for (std::size_t c = 0; c < channels; ++c) {
        for (std::size_t t = 0; t < taps; ++t) weight_[t * channels + c] = l.weight[c * taps + t];
    }
    if (l.bias) bias_.assign(l.bias_values.begin(), l.bias_values.end());
}

void Depthwise::run(int n, const float* in, float* out) {
    const std::int64_t row = w_ * channels_, padded_row = (w_ + 2 * padding_) * channels_;
    Row r{padded_.data(), weight_.data(), bias_.data(), out, padded_row, channels_, out_w_, activation_};
    Image* const image = image_of(kernel_, stride_);
    for (int i = 0; i < n; ++i, in += h_ * row, r.out += out_h_ * out_w_ * channels_) {
        copy_inside(in, h_, row, padding_ * (padded_row + channels_), padded_row, padded_.data());
        image(r, out_h_);
    }
}

}  // namespace nachos::runtime
