#include "runtime/row_tiles.h"

#include "runtime/simd.h"

#include <algorithm>
#include <cstring>

namespace nachos::runtime {
namespace {

/// T rows times B blocks of L channels, held in registers. The first `keep` channels of the last block are stored.
template <int T, int B, int L>
NACHOS_INLINE void tile(const RowTiles& p, const float* in, float* out, std::int64_t keep) {
    using V = typename Lanes<L>::type;
    V sum[T][B];
#pragma GCC unroll 8
    for (int t = 0; t < T; ++t) {
#pragma GCC unroll 2
        for (int b = 0; b < B; ++b) sum[t][b] = Lanes<L>::load(p.bias + b * kBlock);
    }
    const float* weight = p.weight;
    const std::int64_t next_block = p.segments * p.k * kBlock;
    for (std::int64_t s = 0; s < p.segments; ++s, in += p.segment_step) {
        for (std::int64_t k = 0; k < p.k; ++k, weight += kBlock) {
            V w[B];
#pragma GCC unroll 2
            for (int b = 0; b < B; ++b) w[b] = Lanes<L>::load(weight + b * next_block);
#pragma GCC unroll 8
            for (int t = 0; t < T; ++t) {
                const float x = in[t * p.row_step + k];
#pragma GCC unroll 2
                for (int b = 0; b < B; ++b) sum[t][b] += w[b] * x;
            }
        }
    }
#pragma GCC unroll 8
    for (int t = 0; t < T; ++t) {
        float* to = out + t * p.n;
#pragma GCC unroll 2
        for (int b = 0; b < B; ++b) {
            Lanes<L>::activate(sum[t][b], p.activation);
            if (b + 1 < B || keep == L) {
                Lanes<L>::store(to + b * kBlock, sum[t][b]);
            } else if (keep == 8) {
                std::memcpy(to + b * kBlock, &sum[t][b], 8 * sizeof(float));
            } else {
                for (std::int64_t i = 0; i < keep; ++i) to[b * kBlock + i] = sum[t][b][i];
            }
        }
    }
}

template <int T, int B, int L>
NACHOS_INLINE void take(const RowTiles& p, const float*& in, float*& out, std::int64_t& left, std::int64_t keep) {
    for (; left >= T; left -= T, in += T * p.row_step, out += T * p.n) tile<T, B, L>(p, in, out, keep);
}

template <int B, int L>
NACHOS_INLINE void all(const RowTiles& p, std::int64_t keep) {
    for (std::int64_t line = 0; line < p.lines; ++line) {
        const float* in = p.in + line * p.line_step;
        float* out = p.out + line * p.rows * p.n;
        std::int64_t left = p.rows;
        if (left % 7 == 0 && left % 8 != 0 && left < 56) take<7, B, L>(p, in, out, left, keep);
        take<8, B, L>(p, in, out, left, keep);
        take<4, B, L>(p, in, out, left, keep);
        take<2, B, L>(p, in, out, left, keep);
        take<1, B, L>(p, in, out, left, keep);
    }
}

NACHOS_CLONES void two_blocks(const RowTiles& p, std::int64_t keep) { all<2, 16>(p, keep); }
NACHOS_CLONES void one_block(const RowTiles& p, std::int64_t keep) { all<1, 16>(p, keep); }
NACHOS_CLONES void half_block(const RowTiles& p, std::int64_t keep) { all<1, 8>(p, keep); }

}  // namespace

void run(const RowTiles& tiles) {
    RowTiles p = tiles;
    for (std::int64_t o = 0; o < p.n;) {
        const std::int64_t left = p.n - o;
        const std::int64_t done = left > kBlock ? 2 * kBlock : kBlock;
        if (left > kBlock) {
            two_blocks(p, std::min(left - kBlock, kBlock));
        } else if (left > 8) {
            one_block(p, left);
        } else {
            half_block(p, left);
        }
        o += done;
        p.weight += done * p.segments * p.k;
        p.bias += done;
        p.out += done;
    }
}

}  // namespace nachos::runtime
