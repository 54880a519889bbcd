#include "nn/kernels.h"

#include "core/simd.h"

#include <algorithm>
#include <vector>

namespace nachos::nn::kernels {
namespace {

using core::Lanes;

/// One kernel row of one output row: acc[kx] += dy * x, over all output columns.
template <int K, int L>
NACHOS_INLINE void accumulate_row(const DepthwiseShape& s, const float* x_row, const float* dy_row,
                                  typename Lanes<L>::type (&acc)[K]) {
    using V = typename Lanes<L>::type;
    constexpr int kPad = K / 2;
    const std::int64_t first_whole = (kPad + s.stride - 1) / s.stride;
    const std::int64_t last_whole = std::min(s.out_w, (s.w - K + kPad) / s.stride + 1);
    const auto edge = [&](std::int64_t ox) {
        const V g = Lanes<L>::load(dy_row + ox * s.c);
        for (int kx = 0; kx < K; ++kx) {
            const std::int64_t ix = ox * s.stride + kx - kPad;
            if (ix >= 0 && ix < s.w) acc[kx] += g * Lanes<L>::load(x_row + ix * s.c);
        }
    };
    std::int64_t ox = 0;
    for (; ox < std::min(first_whole, s.out_w); ++ox) edge(ox);
    for (; ox < last_whole; ++ox) {
        const V g = Lanes<L>::load(dy_row + ox * s.c);
        const float* x = x_row + (ox * s.stride - kPad) * s.c;
        for (int kx = 0; kx < K; ++kx) acc[kx] += g * Lanes<L>::load(x + kx * s.c);
    }
    for (; ox < s.out_w; ++ox) edge(ox);
}

template <int K, int L>
NACHOS_INLINE void weight_gradient(const DepthwiseShape& s, const float* x, const float* dy, float* dw, std::int64_t c0) {
    using V = typename Lanes<L>::type;
    V total[K][K] = {};
    for (std::int64_t n = 0; n < s.n; ++n) {
        for (std::int64_t oy = 0; oy < s.out_h; ++oy) {
            const float* dy_row = dy + ((n * s.out_h + oy) * s.out_w) * s.c + c0;
            for (int ky = 0; ky < K; ++ky) {
                const std::int64_t iy = oy * s.stride + ky - K / 2;
                if (iy < 0 || iy >= s.h) continue;
                V acc[K];
                for (int kx = 0; kx < K; ++kx) acc[kx] = total[ky][kx];
                accumulate_row<K, L>(s, x + ((n * s.h + iy) * s.w) * s.c + c0, dy_row, acc);
                for (int kx = 0; kx < K; ++kx) total[ky][kx] = acc[kx];
            }
        }
    }
    for (int l = 0; l < L; ++l) {
        for (int t = 0; t < K * K; ++t) dw[(c0 + l) * K * K + t] = total[t / K][t % K][l];
    }
}

template <int K>
NACHOS_INLINE void weight_gradient_block(const DepthwiseShape& s, const float* x, const float* dy, float* dw,
                                         std::int64_t block) {
    const std::int64_t c0 = block * 16;
    if (s.c - c0 >= 16) {
        weight_gradient<K, 16>(s, x, dy, dw, c0);
    } else {
        weight_gradient<K, 8>(s, x, dy, dw, c0);
    }
}

NACHOS_INLINE float activated(float v, Act act) {
    switch (act) {
        case Act::none:
            return v;
        case Act::relu:
            return v > 0 ? v : 0;
        case Act::hard_swish:
            break;
    }
    const float gate = std::min(std::max(v + 3.0F, 0.0F), 6.0F);
    return v * gate * (1.0F / 6.0F);
}

/// act'(v); at the kinks as torch has it.
NACHOS_INLINE float slope(float v, Act act) {
    switch (act) {
        case Act::none:
            return 1;
        case Act::relu:
            return v > 0 ? 1 : 0;
        case Act::hard_swish:
            break;
    }
    const float inside = v * (1.0F / 3.0F) + 0.5F;
    return v < -3.0F ? 0.0F : (v <= 3.0F ? inside : 1.0F);
}

/// Few channels make short inner loops: several rows are taken as one, with the per-channel values repeated.
struct Tile {
    std::int64_t rows;   ///< rows in a tile
    std::int64_t width;  ///< rows * c
};
Tile tile_of(std::int64_t c) {
    const std::int64_t rows = std::max<std::int64_t>(1, 128 / c);
    return {rows, rows * c};
}

std::vector<float> repeated(const float* values, std::int64_t c, const Tile& tile) {
    std::vector<float> all(static_cast<std::size_t>(tile.width));
    for (std::int64_t r = 0; r < tile.rows; ++r) std::copy(values, values + c, all.begin() + r * c);
    return all;
}

/// Adds the tile's accumulators up per channel.
void fold(const std::vector<float>& acc, std::int64_t c, const Tile& tile, float* sums) {
    std::fill(sums, sums + c, 0.0F);
    for (std::int64_t i = 0; i < tile.width; ++i) sums[i % c] += acc[static_cast<std::size_t>(i)];
}

/// Calls f(offset of the tile in the data, how many values) for rows [begin, end).
template <class F>
NACHOS_INLINE void for_each_tile(std::int64_t begin, std::int64_t end, std::int64_t c, const Tile& tile, F&& f) {
    for (std::int64_t row = begin; row < end; row += tile.rows) f(row * c, std::min(tile.rows, end - row) * c);
}

template <Act act>
NACHOS_INLINE void affine_act_of(const float* x, const float* a, const float* b, std::int64_t size, float* y) {
    for (std::int64_t i = 0; i < size; ++i) y[i] = activated(x[i] * a[i] + b[i], act);
}

template <Act act>
NACHOS_INLINE void gradient_sums_of(const float* x, const float* dy, const float* a, const float* b, std::int64_t size,
                                    float* sum, float* dot) {
    for (std::int64_t i = 0; i < size; ++i) {
        const float d = dy[i] * slope(x[i] * a[i] + b[i], act);
        sum[i] += d;
        dot[i] += d * x[i];
    }
}

template <Act act>
NACHOS_INLINE void gradient_of(const float* x, const float* dy, const float* a, const float* b, const float* p,
                               const float* q, std::int64_t size, float* dx) {
    for (std::int64_t i = 0; i < size; ++i) {
        const float d = dy[i] * slope(x[i] * a[i] + b[i], act);
        dx[i] = a[i] * d + x[i] * p[i] + q[i];
    }
}

}  // namespace

NACHOS_CLONES void depthwise_weight_gradient(const DepthwiseShape& s, const float* x, const float* dy, float* dw,
                                             std::int64_t block) {
    if (s.k == 3) weight_gradient_block<3>(s, x, dy, dw, block);
    if (s.k == 5) weight_gradient_block<5>(s, x, dy, dw, block);
    if (s.k == 7) weight_gradient_block<7>(s, x, dy, dw, block);
}

NACHOS_CLONES void shifted_sums(const float* x, const float* first, std::int64_t begin, std::int64_t end, std::int64_t c,
                                float* sums) {
    const Tile tile = tile_of(c);
    const std::vector<float> shift = repeated(first, c, tile);
    std::vector<float> sum(shift.size(), 0.0F), square(shift.size(), 0.0F);
    const float* k = shift.data();
    float* s = sum.data();
    float* q = square.data();
    for_each_tile(
        begin, end, c, tile, [&](std::int64_t at, std::int64_t size) __attribute__((always_inline)) {
            for (std::int64_t i = 0; i < size; ++i) {
                const float v = x[at + i] - k[i];
                s[i] += v;
                q[i] += v * v;
            }
        });
    fold(sum, c, tile, sums);
    fold(square, c, tile, sums + c);
}

NACHOS_CLONES void affine_act(const float* x, const float* a, const float* b, Act act, std::int64_t begin, std::int64_t end,
                              std::int64_t c, float* y) {
    const Tile tile = tile_of(c);
    const std::vector<float> ra = repeated(a, c, tile), rb = repeated(b, c, tile);
    for_each_tile(
        begin, end, c, tile, [&](std::int64_t at, std::int64_t size) __attribute__((always_inline)) {
            switch (act) {
                case Act::none:
                    return affine_act_of<Act::none>(x + at, ra.data(), rb.data(), size, y + at);
                case Act::relu:
                    return affine_act_of<Act::relu>(x + at, ra.data(), rb.data(), size, y + at);
                case Act::hard_swish:
                    return affine_act_of<Act::hard_swish>(x + at, ra.data(), rb.data(), size, y + at);
            }
        });
}

NACHOS_CLONES void gradient_sums(const float* x, const float* dy, const float* a, const float* b, Act act,
                                 std::int64_t begin, std::int64_t end, std::int64_t c, float* sums) {
    const Tile tile = tile_of(c);
    const std::vector<float> ra = repeated(a, c, tile), rb = repeated(b, c, tile);
    std::vector<float> sum(ra.size(), 0.0F), dot(ra.size(), 0.0F);
    for_each_tile(
        begin, end, c, tile, [&](std::int64_t at, std::int64_t size) __attribute__((always_inline)) {
            const float *xs = x + at, *ds = dy + at;
            switch (act) {
                case Act::none:
                    return gradient_sums_of<Act::none>(xs, ds, ra.data(), rb.data(), size, sum.data(), dot.data());
                case Act::relu:
                    return gradient_sums_of<Act::relu>(xs, ds, ra.data(), rb.data(), size, sum.data(), dot.data());
                case Act::hard_swish:
                    return gradient_sums_of<Act::hard_swish>(xs, ds, ra.data(), rb.data(), size, sum.data(), dot.data());
            }
        });
    fold(sum, c, tile, sums);
    fold(dot, c, tile, sums + c);
}

NACHOS_CLONES void affine_act_gradient(const float* x, const float* dy, const float* a, const float* b, const float* p,
                                       const float* q, Act act, std::int64_t begin, std::int64_t end, std::int64_t c,
                                       float* dx) {
    const Tile tile = tile_of(c);
    const std::vector<float> ra = repeated(a, c, tile), rb = repeated(b, c, tile), rp = repeated(p, c, tile),
                             rq = repeated(q, c, tile);
    for_each_tile(
        begin, end, c, tile, [&](std::int64_t at, std::int64_t size) __attribute__((always_inline)) {
            const float *xs = x + at, *ds = dy + at;
            float* out = dx + at;
            switch (act) {
                case Act::none:
                    return gradient_of<Act::none>(xs, ds, ra.data(), rb.data(), rp.data(), rq.data(), size, out);
                case Act::relu:
                    return gradient_of<Act::relu>(xs, ds, ra.data(), rb.data(), rp.data(), rq.data(), size, out);
                case Act::hard_swish:
                    return gradient_of<Act::hard_swish>(xs, ds, ra.data(), rb.data(), rp.data(), rq.data(), size, out);
            }
        });
}

}  // namespace nachos::nn::kernels
