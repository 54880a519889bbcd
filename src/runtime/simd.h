#pragma once

#include "arch/net_desc.h"
#include "core/simd.h"

namespace nachos::runtime {

/// What the inner loops share: a vector of L floats, and activations of it.
template <int L>
struct Lanes : core::Lanes<L> {
    using type = typename core::Lanes<L>::type;

    /// In place.
    static NACHOS_INLINE void activate(type& v, arch::Activation activation) {
        const type zero = type{}, six = zero + 6.0F;
        if (activation == arch::Activation::none) return;
        if (activation == arch::Activation::relu) {
            v = v > zero ? v : zero;
            return;
        }
        type gate = v + 3.0F;
        gate = gate > zero ? gate : zero;
        gate = (gate < six ? gate : six) * (1.0F / 6.0F);
        v = activation == arch::Activation::hard_swish ? v * gate : gate;
    }
};

}  // namespace nachos::runtime
