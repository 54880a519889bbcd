#include "nn/conv_kernels.h"

#include <algorithm>
#include <cassert>
#include <memory>
#include <vector>

namespace nachos::nn::kernels {
namespace {

/// Zeros at the address of a cache line: a vector of 16 floats that straddles two lines costs two loads.
class Scratch {
  public:
    explicit Scratch(std::int64_t floats) : values_(static_cast<std::size_t>(floats) + 16) {
        void* at = values_.data();
        std::size_t space = values_.size() * sizeof(float);
        at_ = static_cast<float*>(std::align(64, space - 64, at, space));
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    float* data() { return at_; }

  private:
    std::vector<float> values_;
    float* at_;
};

/// Width of a map with its border, and floats of a whole one, for L channels.
std::int64_t padded_width(const DepthwiseShape& s) { return s.w + s.k - 1; }
std::int64_t padded_size(const DepthwiseShape& s, int lanes) { return padded_width(s) * (s.h + s.k - 1) * lanes; }

/// L channels of a map (h, w, c) into a padded one as floats, `step` apart in both directions.
template <int L, class T>
NACHOS_INLINE void spread(const DepthwiseShape& s, const T* map, std::int64_t h, std::int64_t w, std::int64_t step,
                          float* padded) {
    const std::int64_t pad = s.k / 2, row = padded_width(s);
    for (std::int64_t y = 0; y < h; ++y) {
        const T* from = map + y * w * s.c;
        float* to = padded + ((y * step + pad) * row + pad) * L;
        for (std::int64_t x = 0; x < w; ++x) Stored<L>::store(to + x * step * L, Stored<L>::load(from + x * s.c));
    }
}

/// P neighbouring outputs of L channels, each weight loaded once for all.
template <int K, int L, int P, int Stride, class T>
NACHOS_INLINE void outputs(const float* padded, std::int64_t row, const float* weight, std::int64_t c, T* y) {
    typename Stored<L>::type sum[P] = {};
    for (int ky = 0; ky < K; ++ky) {
        for (int kx = 0; kx < K; ++kx) {
            const auto w = Stored<L>::load(weight + (ky * K + kx) * L);
            for (int p = 0; p < P; ++p) sum[p] += w * Stored<L>::load(padded + (ky * row + kx + p * Stride) * L);
        }
    }
    for (int p = 0; p < P; ++p) Stored<L>::store(y + p * c, sum[p]);
}

/// One image's map (h, w, c) of L channels from its padded input.
template <int K, int L, int Stride, class T>
NACHOS_INLINE void correlate(const float* padded, std::int64_t row, const float* weight, std::int64_t h, std::int64_t w,
                             std::int64_t c, T* y) {
    for (std::int64_t oy = 0; oy < h; ++oy) {
        const float* from = padded + oy * Stride * row * L;
        T* to = y + oy * w * c;
        std::int64_t ox = 0;
        for (; ox + 4 <= w; ox += 4) outputs<K, L, 4, Stride>(from + ox * Stride * L, row, weight, c, to + ox * c);
        for (; ox < w; ++ox) outputs<K, L, 1, Stride>(from + ox * Stride * L, row, weight, c, to + ox * c);
    }
}

/// Adds one image's gradient of the weights of L channels: x padded, dy spread over the same padded map.
template <int K, int L>
NACHOS_INLINE void add_weight_gradient(const DepthwiseShape& s, const float* x, const float* dy, float* dweight) {
    const std::int64_t row = padded_width(s);
    for (int ky = 0; ky < K; ++ky) {
        typename Stored<L>::type sum[K];
        for (int kx = 0; kx < K; ++kx) sum[kx] = Stored<L>::load(dweight + (ky * K + kx) * L);
        for (std::int64_t oy = 0; oy < s.out_h; ++oy) {
            const float* in = x + (oy * s.stride + ky) * row * L;
            const float* out = dy + ((oy * s.stride + K / 2) * row + K / 2) * L;
            for (std::int64_t ox = 0; ox < s.out_w; ++ox) {
                const auto g = Stored<L>::load(out + ox * s.stride * L);
                for (int kx = 0; kx < K; ++kx) sum[kx] += g * Stored<L>::load(in + (ox * s.stride + kx) * L);
            }
        }
        for (int kx = 0; kx < K; ++kx) Stored<L>::store(dweight + (ky * K + kx) * L, sum[kx]);
    }
}

/// Calls f<L>(first channel) for blocks of 16 channels, and of 8 at the end.
template <class F>
NACHOS_INLINE void for_blocks(std::int64_t c, F&& f) {
    std::int64_t c0 = 0;
    for (; c0 + 16 <= c; c0 += 16) f.template operator()<16>(c0);
    if (c0 < c) f.template operator()<8>(c0);
}

/// (c, K*K) to a block behind the other, each (K*K, L); turned round if `flipped`.
template <int K>
NACHOS_INLINE void pack_weights(std::int64_t c, const float* weight, bool flipped, float* packed) {
    for_blocks(
        c, [&]<int L>(std::int64_t c0) __attribute__((always_inline)) {
            for (int t = 0; t < K * K; ++t) {
                const int from = flipped ? K * K - 1 - t : t;
                for (int l = 0; l < L; ++l) packed[c0 * K * K + t * L + l] = weight[(c0 + l) * K * K + from];
            }
        });
}

template <int K, class T>
NACHOS_INLINE void forward_of(const DepthwiseShape& s, std::int64_t n, const T* x, const float* weight, T* y) {
    Scratch packed(s.c * K * K), wide(padded_size(s, 16)), narrow(s.c % 16 == 0 ? 0 : padded_size(s, 8));
    pack_weights<K>(s.c, weight, false, packed.data());
    const std::int64_t row = padded_width(s);
    for (std::int64_t i = 0; i < n; ++i) {
        for_blocks(
            s.c, [&]<int L>(std::int64_t c0) __attribute__((always_inline)) {
                float* padded = L == 16 ? wide.data() : narrow.data();
                const float* w = packed.data() + c0 * K * K;
                T* out = y + i * s.out_h * s.out_w * s.c + c0;
                spread<L>(s, x + i * s.h * s.w * s.c + c0, s.h, s.w, 1, padded);
                if (s.stride == 1) {
                    correlate<K, L, 1>(padded, row, w, s.out_h, s.out_w, s.c, out);
                } else {
                    correlate<K, L, 2>(padded, row, w, s.out_h, s.out_w, s.c, out);
                }
            });
    }
}

/// dx is the correlation of dy, spread `stride` apart, with the kernel turned round.
template <int K, class T>
NACHOS_INLINE void backward_of(const DepthwiseShape& s, std::int64_t n, const DepthwiseGradient<T>& g) {
    const std::int64_t size = padded_size(s, 16), narrow_size = s.c % 16 == 0 ? 0 : padded_size(s, 8);
    Scratch packed(s.c * K * K), sums(s.c * K * K), wide_x(size), wide_dy(size), narrow_x(narrow_size),
        narrow_dy(narrow_size);
    pack_weights<K>(s.c, g.weight, true, packed.data());
    for (std::int64_t i = 0; i < n; ++i) {
        for_blocks(
            s.c, [&]<int L>(std::int64_t c0) __attribute__((always_inline)) {
                float *x = L == 16 ? wide_x.data() : narrow_x.data(), *dy = L == 16 ? wide_dy.data() : narrow_dy.data();
                const std::int64_t map = i * s.h * s.w * s.c + c0;
                spread<L>(s, g.x + map, s.h, s.w, 1, x);
                spread<L>(s, g.dy + i * s.out_h * s.out_w * s.c + c0, s.out_h, s.out_w, s.stride, dy);
                correlate<K, L, 1>(dy, padded_width(s), packed.data() + c0 * K * K, s.h, s.w, s.c, g.dx + map);
                add_weight_gradient<K, L>(s, x, dy, sums.data() + c0 * K * K);
            });
    }
    for_blocks(
        s.c, [&]<int L>(std::int64_t c0) __attribute__((always_inline)) {
            for (int t = 0; t < K * K; ++t) {
                for (int l = 0; l < L; ++l) g.dweight[(c0 + l) * K * K + t] = sums.data()[c0 * K * K + t * L + l];
            }
        });
}

/// Calls f<K>().
template <class F>
NACHOS_INLINE void for_kernel(const DepthwiseShape& s, F&& f) {
    assert(s.k == 3 || s.k == 5 || s.k == 7);
    assert(s.stride == 1 || s.stride == 2);
    assert(s.c % 8 == 0);
    if (s.k == 3) f.template operator()<3>();
    if (s.k == 5) f.template operator()<5>();
    if (s.k == 7) f.template operator()<7>();
}

constexpr std::int64_t kRows = 128;  ///< widened at once: both parts stay in the first or second cache
constexpr int kOutputs = 8;

/// Adds dy^T x of some rows for kOutputs outputs and B blocks of 16 inputs.
template <int B>
NACHOS_INLINE void add_products(const float* x, std::int64_t in, const float* dy, std::int64_t out, std::int64_t rows,
                                float* sums) {
    typename Stored<16>::type sum[kOutputs][B];
    for (int o = 0; o < kOutputs; ++o) {
        for (int b = 0; b < B; ++b) sum[o][b] = Stored<16>::load(sums + o * in + b * 16);
    }
    for (std::int64_t r = 0; r < rows; ++r) {
        typename Stored<16>::type v[B];
        for (int b = 0; b < B; ++b) v[b] = Stored<16>::load(x + r * in + b * 16);
        for (int o = 0; o < kOutputs; ++o) {
            for (int b = 0; b < B; ++b) sum[o][b] += dy[r * out + o] * v[b];
        }
    }
    for (int o = 0; o < kOutputs; ++o) {
        for (int b = 0; b < B; ++b) Stored<16>::store(sums + o * in + b * 16, sum[o][b]);
    }
}

/// Rows of c numbers to rows of `width` floats, of which the last stay as they are.
NACHOS_INLINE void widen_rows(const BFloat16* from, std::int64_t rows, std::int64_t c, std::int64_t width, float* to) {
    for (std::int64_t r = 0; r < rows; ++r) {
        for_blocks(
            c, [&]<int L>(std::int64_t c0) __attribute__((always_inline)) {
                Stored<L>::store(to + r * width + c0, Stored<L>::load(from + r * c + c0));
            });
    }
}

}  // namespace

NACHOS_CLONES void depthwise_forward(const DepthwiseShape& s, std::int64_t n, const float* x, const float* weight,
                                     float* y) {
    for_kernel(
        s, [&]<int K>() __attribute__((always_inline)) { forward_of<K>(s, n, x, weight, y); });
}

NACHOS_CLONES void depthwise_forward(const DepthwiseShape& s, std::int64_t n, const BFloat16* x, const float* weight,
                                     BFloat16* y) {
    for_kernel(
        s, [&]<int K>() __attribute__((always_inline)) { forward_of<K>(s, n, x, weight, y); });
}

NACHOS_CLONES void depthwise_backward(const DepthwiseShape& s, std::int64_t n, const DepthwiseGradient<float>& g) {
    for_kernel(
        s, [&]<int K>() __attribute__((always_inline)) { backward_of<K>(s, n, g); });
}

NACHOS_CLONES void depthwise_backward(const DepthwiseShape& s, std::int64_t n, const DepthwiseGradient<BFloat16>& g) {
    for_kernel(
        s, [&]<int K>() __attribute__((always_inline)) { backward_of<K>(s, n, g); });
}

NACHOS_CLONES void pointwise_weight_gradient(const PointwiseShape& s, const BFloat16* x, const BFloat16* dy,
                                             float* dweight) {
    const std::int64_t in = (s.in + 15) / 16 * 16, out = s.out;
    Scratch xs(kRows * in), ds(kRows * out), sums(out * in);
    for (std::int64_t at = 0; at < s.rows; at += kRows) {
        const std::int64_t rows = std::min(kRows, s.rows - at);
        widen_rows(x + at * s.in, rows, s.in, in, xs.data());
        widen_rows(dy + at * out, rows, out, out, ds.data());
        for (std::int64_t o = 0; o < out; o += kOutputs) {
            std::int64_t i = 0;
            for (; i + 32 <= in; i += 32)
                add_products<2>(xs.data() + i, in, ds.data() + o, out, rows, sums.data() + o * in + i);
            if (i < in) add_products<1>(xs.data() + i, in, ds.data() + o, out, rows, sums.data() + o * in + i);
        }
    }
    for (std::int64_t o = 0; o < out; ++o) std::copy_n(sums.data() + o * in, s.in, dweight + o * s.in);
}

}  // namespace nachos::nn::kernels
