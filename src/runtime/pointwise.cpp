#include "runtime/pointwise.h"

#include "runtime/simd.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace nachos::runtime {
namespace {

using arch::Activation;

constexpr std::int64_t kLanes = 16;

struct Problem {
    const float* in;
    const float* weight;  ///< of one or two blocks of output channels
    const float* bias;
    float* out;
    std::int64_t rows, k, n;  ///< rows, input features, output features of a whole row
    Activation activation;
};

/// T rows times B blocks of L channels, held in registers. The first `keep` channels of the last block are stored.
template <int T, int B, int L>
NACHOS_INLINE void tile(const Problem& p, std::int64_t row, std::int64_t keep) {
    using V = typename Lanes<L>::type;
    V sum[T][B];
#pragma GCC unroll 8
    for (int t = 0; t < T; ++t) {
#pragma GCC unroll 2
        for (int b = 0; b < B; ++b) sum[t][b] = Lanes<L>::load(p.bias + b * kLanes);
    }
    const float* in = p.in + row * p.k;
    for (std::int64_t k = 0; k < p.k; ++k) {
        V w[B];
#pragma GCC unroll 2
        for (int b = 0; b < B; ++b) w[b] = Lanes<L>::load(p.weight + (b * p.k + k) * kLanes);
#pragma GCC unroll 8
        for (int t = 0; t < T; ++t) {
            const float x = in[t * p.k + k];
#pragma GCC unroll 2
            for (int b = 0; b < B; ++b) sum[t][b] += w[b] * x;
        }
    }
#pragma GCC unroll 8
    for (int t = 0; t < T; ++t) {
        float* out = p.out + (row + t) * p.n;
#pragma GCC unroll 2
        for (int b = 0; b < B; ++b) {
            Lanes<L>::activate(sum[t][b], p.activation);
            if (b + 1 < B || keep == L) {
                Lanes<L>::store(out + b * kLanes, sum[t][b]);
            } else if (keep == 8) {
                std::memcpy(out + b * kLanes, &sum[t][b], 8 * sizeof(float));
            } else {
                for (std::int64_t i = 0; i < keep; ++i) out[b * kLanes + i] = sum[t][b][i];
            }
        }
    }
}

template <int B, int L>
NACHOS_INLINE void all_rows(const Problem& p, std::int64_t keep) {
    constexpr int kTall = 8;
    std::int64_t row = 0;
    for (; row + kTall <= p.rows; row += kTall) tile<kTall, B, L>(p, row, keep);
    for (; row < p.rows; ++row) tile<1, B, L>(p, row, keep);
}

NACHOS_CLONES void two_blocks(const Problem& p, std::int64_t keep) { all_rows<2, 16>(p, keep); }
NACHOS_CLONES void one_block(const Problem& p, std::int64_t keep) { all_rows<1, 16>(p, keep); }
NACHOS_CLONES void half_block(const Problem& p, std::int64_t keep) { all_rows<1, 8>(p, keep); }

}  // namespace

bool Pointwise::fits(const arch::Layer& l) {
    return l.kind == arch::LayerKind::linear ||
           (l.kind == arch::LayerKind::conv && l.kernel == 1 && l.stride == 1 && l.padding == 0 && l.groups == 1);
}

Pointwise::Pointwise(const arch::Layer& l)
    : rows_(static_cast<std::int64_t>(l.out.h) * l.out.w), in_(l.in.c), out_(l.out.c), activation_(l.activation) {
    assert(fits(l));
    const std::int64_t blocks = (out_ + kLanes - 1) / kLanes;
    weight_.assign(static_cast<std::size_t>(blocks * in_ * kLanes), 0.0F);
    bias_.assign(static_cast<std::size_t>(blocks * kLanes), 0.0F);
    for (std::int64_t o = 0; o < out_; ++o) {
        for (std::int64_t i = 0; i < in_; ++i) {
            weight_[static_cast<std::size_t>((o / kLanes * in_ + i) * kLanes + o % kLanes)] =
                l.weight[static_cast<std::size_t>(o * in_ + i)];
        }
    }
    if (l.bias) std::copy(l.bias_values.begin(), l.bias_values.end(), bias_.begin());
}

void Pointwise::run(int n, const float* in, float* out) const {
    Problem p{in, weight_.data(), bias_.data(), out, n * rows_, in_, out_, activation_};
    for (std::int64_t o = 0; o < out_;) {
        const std::int64_t left = out_ - o;
        const std::int64_t done = left > kLanes ? 2 * kLanes : kLanes;
        if (left > kLanes) {
            two_blocks(p, std::min(left - kLanes, kLanes));
        } else if (left > 8) {
            one_block(p, left);
        } else {
            half_block(p, left);
        }
        o += done;
        p.weight += done * in_;
        p.bias += done;
        p.out += done;
    }
}

}  // namespace nachos::runtime
