#pragma once

#include "arch/net_desc.h"

/// What the runtime's inner loops share: vectors of floats in the compiler's own notation, and one copy of a loop for each
/// instruction set, of which the dynamic linker picks one when the program starts.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__SANITIZE_ADDRESS__)
#define NACHOS_CLONES __attribute__((target_clones("avx512f", "fma", "default")))
#else
#define NACHOS_CLONES
#endif
#define NACHOS_INLINE inline __attribute__((always_inline))

namespace nachos::runtime {

/// A vector of L floats at any address. Members, for a template argument would lose the type's alignment.
template <int L>
struct Lanes {
    typedef float type __attribute__((vector_size(L * 4), aligned(4), may_alias));

    static NACHOS_INLINE const type& load(const float* p) { return *reinterpret_cast<const type*>(p); }
    static NACHOS_INLINE void store(float* p, const type& v) { *reinterpret_cast<type*>(p) = v; }

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
