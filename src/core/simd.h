#pragma once

/// One copy of a function for each instruction set, of which the dynamic linker picks one when the program starts.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__SANITIZE_ADDRESS__)
#define NACHOS_CLONES __attribute__((target_clones("avx512f", "fma", "default")))
#else
#define NACHOS_CLONES
#endif
#define NACHOS_INLINE inline __attribute__((always_inline))

namespace nachos::core {

/// A vector of L floats at any address, in the compiler's own notation. Members, for a template argument would lose the
/// type's alignment.
template <int L>
struct Lanes {
    typedef float type __attribute__((vector_size(L * 4), aligned(4), may_alias));

    static NACHOS_INLINE const type& load(const float* p) { return *reinterpret_cast<const type*>(p); }
    static NACHOS_INLINE void store(float* p, const type& v) { *reinterpret_cast<type*>(p) = v; }
};

}  // namespace nachos::core
