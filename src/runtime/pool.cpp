#include "runtime/pool.h"

#include "runtime/simd.h"

namespace nachos::runtime {
namespace {

using arch::Layer;
using arch::LayerKind;

/// L channels from the c-th on.
struct Max {
    template <int L>
    static NACHOS_INLINE void run(const Layer& l, const float* in, float* out, std::int64_t c) {
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
};

struct Mean {
    template <int L>
    static NACHOS_INLINE void run(const Layer& l, const float* in, float* out, std::int64_t c) {
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
};

/// All channels, in as few vectors as possible.
template <class Of>
NACHOS_INLINE void all_channels(const Layer& l, const float* in, float* out) {
    std::int64_t c = 0;
    for (; c + 16 <= l.in.c; c += 16) Of::template run<16>(l, in, out, c);
    for (; c + 8 <= l.in.c; c += 8) Of::template run<8>(l, in, out, c);
    for (; c + 4 <= l.in.c; c += 4) Of::template run<4>(l, in, out, c);
    for (; c < l.in.c; ++c) Of::template run<1>(l, in, out, c);
}

NACHOS_CLONES void max_pool(const Layer& l, const float* in, float* out) { all_channels<Max>(l, in, out); }
NACHOS_CLONES void mean(const Layer& l, const float* in, float* out) { all_channels<Mean>(l, in, out); }

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
