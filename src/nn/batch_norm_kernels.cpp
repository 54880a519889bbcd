#include "nn/batch_norm_kernels.h"

#include <algorithm>
#include <vector>

namespace nachos::nn::kernels {
namespace {

/// V: float, or a vector of floats.
template <Act act, class V>
NACHOS_INLINE V activated(V v) {
    if constexpr (act == Act::none) return v;
    const V zero = {};
    if constexpr (act == Act::relu) return v > zero ? v : zero;
    const V raised = v + 3.0F, six = zero + 6.0F;
    const V positive = raised > zero ? raised : zero;
    return v * (positive < six ? positive : six) * (1.0F / 6.0F);
}

/// act'(v); at the kinks as torch has it.
template <Act act, class V>
NACHOS_INLINE V slope(V v) {
    const V zero = {}, one = zero + 1.0F;
    if constexpr (act == Act::none) return one;
    if constexpr (act == Act::relu) return v > zero ? one : zero;
    const V low = zero - 3.0F, high = zero + 3.0F, inside = v * (1.0F / 3.0F) + 0.5F;
    const V below = v <= high ? inside : one;
    return v < low ? zero : below;
}

/// Few channels make short inner loops: several rows are taken as one, with the per-channel values repeated; whole vectors
/// where channels are multiples of 8.
struct Tile {
    std::int64_t rows;   ///< rows in a tile
    std::int64_t width;  ///< rows * c
};
Tile tile_of(std::int64_t c) {
    std::int64_t rows = std::max<std::int64_t>(1, 128 / c);
    if (c % 16 == 8) rows += rows % 2;
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

/// What loads and stores one value, as Stored<16> does 16.
struct One {
    static NACHOS_INLINE float load(const float* p) { return *p; }
    static NACHOS_INLINE float load(const BFloat16* p) { return widened(*p); }
    static NACHOS_INLINE void store(float* p, float v) { *p = v; }
    static NACHOS_INLINE void store(BFloat16* p, float v) { assign(*p, v); }
};

/// Calls f<S>(i) for whole vectors of `size` values, then for single ones: S::load(p + i) reads them, S::store writes them.
template <class F>
NACHOS_INLINE void for_vectors(std::int64_t size, F&& f) {
    std::int64_t i = 0;
    for (; i + 16 <= size; i += 16) f.template operator()<Stored<16>>(i);
    for (; i < size; ++i) f.template operator()<One>(i);
}

template <Act act, class T>
NACHOS_INLINE void affine_act_of(const T* x, const float* a, const float* b, std::int64_t size, T* y) {
    for_vectors(
        size, [&]<class S>(std::int64_t i) __attribute__((always_inline)) {
            S::store(y + i, activated<act>(S::load(x + i) * S::load(a + i) + S::load(b + i)));
        });
}

template <Act act, class T>
NACHOS_INLINE void gradient_sums_of(const T* x, const T* dy, const float* a, const float* b, std::int64_t size, float* sum,
                                    float* dot) {
    for_vectors(
        size, [&]<class S>(std::int64_t i) __attribute__((always_inline)) {
            const auto v = S::load(x + i);
            const auto d = S::load(dy + i) * slope<act>(v * S::load(a + i) + S::load(b + i));
            S::store(sum + i, S::load(sum + i) + d);
            S::store(dot + i, S::load(dot + i) + d * v);
        });
}

template <Act act, class T>
NACHOS_INLINE void gradient_of(const T* x, const T* dy, const float* a, const float* b, const float* p, const float* q,
                               std::int64_t size, T* dx) {
    for_vectors(
        size, [&]<class S>(std::int64_t i) __attribute__((always_inline)) {
            const auto v = S::load(x + i), scale = S::load(a + i);
            const auto d = S::load(dy + i) * slope<act>(v * scale + S::load(b + i));
            S::store(dx + i, scale * d + v * S::load(p + i) + S::load(q + i));
        });
}

template <class T>
NACHOS_INLINE void shifted_sums_rows(const T* x, const float* shift, std::int64_t begin, std::int64_t end, std::int64_t c,
                                     float* sums) {
    const Tile tile = tile_of(c);
    const std::vector<float> shifts = repeated(shift, c, tile);
    std::vector<float> sum(shifts.size(), 0.0F), square(shifts.size(), 0.0F);
    const float* k = shifts.data();
    float* s = sum.data();
    float* q = square.data();
    for_each_tile(
        begin, end, c, tile, [&](std::int64_t at, std::int64_t size) __attribute__((always_inline)) {
            for_vectors(
                size, [&]<class S>(std::int64_t i) __attribute__((always_inline)) {
                    const auto v = S::load(x + at + i) - S::load(k + i);
                    S::store(s + i, S::load(s + i) + v);
                    S::store(q + i, S::load(q + i) + v * v);
                });
        });
    fold(sum, c, tile, sums);
    fold(square, c, tile, sums + c);
}

/// Calls f<act>().
template <class F>
NACHOS_INLINE void for_act(Act act, F&& f) {
    switch (act) {
        case Act::none:
            return f.template operator()<Act::none>();
        case Act::relu:
            return f.template operator()<Act::relu>();
        case Act::hard_swish:
            return f.template operator()<Act::hard_swish>();
    }
}

template <class T>
NACHOS_INLINE void affine_act_rows(const T* x, const float* a, const float* b, Act act, std::int64_t begin, std::int64_t end,
                                   std::int64_t c, T* y) {
    const Tile tile = tile_of(c);
    const std::vector<float> ra = repeated(a, c, tile), rb = repeated(b, c, tile);
    for_act(
        act, [&]<Act kAct>() __attribute__((always_inline)) {
            for_each_tile(
                begin, end, c, tile, [&](std::int64_t at, std::int64_t size) __attribute__((always_inline)) {
                    affine_act_of<kAct>(x + at, ra.data(), rb.data(), size, y + at);
                });
        });
}

template <class T>
NACHOS_INLINE void gradient_sums_rows(const T* x, const T* dy, const float* a, const float* b, Act act, std::int64_t begin,
                                      std::int64_t end, std::int64_t c, float* sums) {
    const Tile tile = tile_of(c);
    const std::vector<float> ra = repeated(a, c, tile), rb = repeated(b, c, tile);
    std::vector<float> sum(ra.size(), 0.0F), dot(ra.size(), 0.0F);
    for_act(
        act, [&]<Act kAct>() __attribute__((always_inline)) {
            for_each_tile(
                begin, end, c, tile, [&](std::int64_t at, std::int64_t size) __attribute__((always_inline)) {
                    gradient_sums_of<kAct>(x + at, dy + at, ra.data(), rb.data(), size, sum.data(), dot.data());
                });
        });
    fold(sum, c, tile, sums);
    fold(dot, c, tile, sums + c);
}

template <class T>
NACHOS_INLINE void gradient_rows(const T* x, const T* dy, const float* a, const float* b, const float* p, const float* q,
                                 Act act, std::int64_t begin, std::int64_t end, std::int64_t c, T* dx) {
    const Tile tile = tile_of(c);
    const std::vector<float> ra = repeated(a, c, tile), rb = repeated(b, c, tile), rp = repeated(p, c, tile),
                             rq = repeated(q, c, tile);
    for_act(
        act, [&]<Act kAct>() __attribute__((always_inline)) {
            for_each_tile(
                begin, end, c, tile, [&](std::int64_t at, std::int64_t size) __attribute__((always_inline)) {
                    gradient_of<kAct>(x + at, dy + at, ra.data(), rb.data(), rp.data(), rq.data(), size, dx + at);
                });
        });
}

}  // namespace

NACHOS_CLONES void shifted_sums(const float* x, const float* shift, std::int64_t begin, std::int64_t end, std::int64_t c,
                                float* sums) {
    shifted_sums_rows(x, shift, begin, end, c, sums);
}

NACHOS_CLONES void affine_act(const float* x, const float* a, const float* b, Act act, std::int64_t begin, std::int64_t end,
                              std::int64_t c, float* y) {
    affine_act_rows(x, a, b, act, begin, end, c, y);
}

NACHOS_CLONES void gradient_sums(const float* x, const float* dy, const float* a, const float* b, Act act,
                                 std::int64_t begin, std::int64_t end, std::int64_t c, float* sums) {
    gradient_sums_rows(x, dy, a, b, act, begin, end, c, sums);
}

NACHOS_CLONES void affine_act_gradient(const float* x, const float* dy, const float* a, const float* b, const float* p,
                                       const float* q, Act act, std::int64_t begin, std::int64_t end, std::int64_t c,
                                       float* dx) {
    gradient_rows(x, dy, a, b, p, q, act, begin, end, c, dx);
}

NACHOS_CLONES void shifted_sums(const BFloat16* x, const float* shift, std::int64_t begin, std::int64_t end, std::int64_t c,
                                float* sums) {
    shifted_sums_rows(x, shift, begin, end, c, sums);
}

NACHOS_CLONES void affine_act(const BFloat16* x, const float* a, const float* b, Act act, std::int64_t begin,
                              std::int64_t end, std::int64_t c, BFloat16* y) {
    affine_act_rows(x, a, b, act, begin, end, c, y);
}

NACHOS_CLONES void gradient_sums(const BFloat16* x, const BFloat16* dy, const float* a, const float* b, Act act,
                                 std::int64_t begin, std::int64_t end, std::int64_t c, float* sums) {
    gradient_sums_rows(x, dy, a, b, act, begin, end, c, sums);
}

NACHOS_CLONES void affine_act_gradient(const BFloat16* x, const BFloat16* dy, const float* a, const float* b, const float* p,
                                       const float* q, Act act, std::int64_t begin, std::int64_t end, std::int64_t c,
                                       BFloat16* dx) {
    gradient_rows(x, dy, a, b, p, q, act, begin, end, c, dx);
}

}  // namespace nachos::nn::kernels
