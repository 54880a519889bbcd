#include "runtime/pool.h"

#include "runtime/simd.h"

namespace nachos::runtime {
namespace {

using arch::Layer;
using arch::LayerKind;

template <int L>
NACHOS_INLINE void max_of(const Layer& l, const float* in, float* out, std::int64_t c) {
    using V = typename Lanes<L>::type;
    const std::int64_t row = static_cast<std::int64_t>(l.in.w) * l.in.c;
    for (std::int64_t y = 0; y < l.out.h; ++y) {
        for (std::int64_t x = 0; x < l.out.w; ++x) {
            const float* from = in + y * l.kernel * row + x * l.kernel * l.in.c + c;
            V most = Lanes<L>::load(from);
            for (int ky = 0; ky < l.kernel; ++ky, from += row) {
                for (int kx = 0; kx < l.kernel; ++kx) {
                    const V v = Lanes<L>::load(from + static_cast<std::int64_t>(kx) * l.in.c);
                    most = v > most ? v : most;
                }
            }
            Lanes<L>::activate(most, l.activation);
            Lanes<L>::store(out + (y * l.out.w + x) * l.out.c + c, most);
        }
    }
}

template <int L>
NACHOS_INLINE void mean_of(const Layer& l, const float* in, float* out, std::int64_t c) {
    using V = typename Lanes<L>::type;
    const std::int64_t plane = static_cast<std::int64_t>(l.in.h) * l.in.w;
    V sums[4] = {};  // of every fourth pixel, so that no addition waits for the one before it
    std::int64_t p = 0;
    for (; p + 4 <= plane; p += 4) {
#pragma GCC unroll 4
        for (int i = 0; i < 4; ++i) sums[i] += Lanes<L>::load(in + (p + i) * l.in.c + c);
    }
    for (; p < plane; ++p) sums[0] += Lanes<L>::load(in + p * l.in.c + c);
    V mean = ((sums[0] + sums[1]) + (sums[2] + sums[3])) * (1.0F / static_cast<float>(plane));
    Lanes<L>::activate(mean, l.activation);
    Lanes<L>::store(out + c, mean);
}

/// `f` for all channels, in as few vectors as possible.
#define NACHOS_ALL_CHANNELS(f)                              \
    std::int64_t c = 0;                                     \
    for (; c + 16 <= l.in.c; c += 16) f<16>(l, in, out, c); \
    for (; c + 8 <= l.in.c; c += 8) f<8>(l, in, out, c);    \
    for (; c + 4 <= l.in.c; c += 4) f<4>(l, in, out, c);    \
    for (; c < l.in.c; ++c) f<1>(l, in, out, c)

NACHOS_CLONES void max_pool(const Layer& l, const float* in, float* out) { NACHOS_ALL_CHANNELS(max_of); }
NACHOS_CLONES void mean(const Layer& l, const float* in, float* out) { NACHOS_ALL_CHANNELS(mean_of); }

#undef NACHOS_ALL_CHANNELS

}  // namespace

bool Pool::fits(const Layer& l) { return l.kind == LayerKind::max_pool || l.kind == LayerKind::global_avg_pool; }

void Pool::run(int n, const float* in, float* out) const {
    for (int i = 0; i < n; ++i, in += layer_.in.elements(), out += layer_.out.elements()) {
        if (layer_.kind == LayerKind::max_pool) {
            max_pool(layer_, in, out);
        } else {
            mean(layer_, in, out);
        }
    }
}

}  // namespace nachos::runtime
