#pragma once

#include "core/simd.h"

#include <bit>
#include <cstdint>
#include <cstring>

// Functions that take or return vectors are always inlined here and in what includes this.
#pragma GCC diagnostic ignored "-Wpsabi"

/// Number types that maps are kept in while a network trains. Arithmetic is float32 with either; bfloat16 halves what goes
/// to memory and back.
namespace nachos::nn::kernels {

/// The upper half of a float32: its range, 8 bits of precision.
struct BFloat16 {
    std::uint16_t bits;
};

NACHOS_INLINE float widened(float v) { return v; }
NACHOS_INLINE float widened(BFloat16 v) { return std::bit_cast<float>(static_cast<std::uint32_t>(v.bits) << 16); }

NACHOS_INLINE void assign(float& to, float v) { to = v; }
/// To the nearest, ties to even.
NACHOS_INLINE void assign(BFloat16& to, float v) {
    const auto u = std::bit_cast<std::uint32_t>(v);
    to.bits = static_cast<std::uint16_t>((u + 0x7fffU + ((u >> 16) & 1U)) >> 16);
}

/// The bits of L numbers. One class a width: the compiler converts vectors only where their widths are no template
/// arguments.
template <int L>
struct Bits;

template <>
struct Bits<16> {
    typedef std::uint16_t Narrow __attribute__((vector_size(32)));
    typedef std::uint32_t Wide __attribute__((vector_size(64)));
    static NACHOS_INLINE Wide widen(Narrow bits) { return __builtin_convertvector(bits, Wide); }
    static NACHOS_INLINE Narrow narrow(Wide bits) { return __builtin_convertvector(bits, Narrow); }
};

template <>
struct Bits<8> {
    typedef std::uint16_t Narrow __attribute__((vector_size(16)));
    typedef std::uint32_t Wide __attribute__((vector_size(32)));
    static NACHOS_INLINE Wide widen(Narrow bits) { return __builtin_convertvector(bits, Wide); }
    static NACHOS_INLINE Narrow narrow(Wide bits) { return __builtin_convertvector(bits, Narrow); }
};

/// L numbers in memory, of either type, as a vector of L floats.
template <int L>
struct Stored : core::Lanes<L> {
    using type = typename core::Lanes<L>::type;
    using core::Lanes<L>::load;
    using core::Lanes<L>::store;

    static NACHOS_INLINE type load(const BFloat16* p) {
        typename Bits<L>::Narrow bits;
        std::memcpy(&bits, p, sizeof bits);
        return reinterpret_cast<type>(Bits<L>::widen(bits) << 16);
    }
    static NACHOS_INLINE void store(BFloat16* p, const type& v) {
        const auto bits = reinterpret_cast<typename Bits<L>::Wide>(v);
        const auto rounded = Bits<L>::narrow((bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16);
        std::memcpy(p, &rounded, sizeof rounded);
    }
};

}  // namespace nachos::nn::kernels
