#include "core/half.h"

#include "core/simd.h"

#include <bit>

namespace nachos::core {

namespace {

/// Without branches, so that a loop of it becomes vector instructions.
NACHOS_INLINE std::uint16_t half_of(float value) {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t magnitude = bits & 0x7fffffffU;
    // Subnormal: units of 2^-24, which is what the last bit of 0.5 counts, so that adding rounds.
    const std::uint32_t small = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5F) - 0x3f000000U;
    const std::uint32_t normal = (magnitude + 0xfffU + ((magnitude >> 13) & 1U) - 0x38000000U) >> 13;
    std::uint32_t half = magnitude < 0x38800000U ? small : normal;
    half = magnitude >= 0x477ff000U ? 0x7c00U : half;  // rounds to infinity
    half = magnitude > 0x7f800000U ? 0x7e00U : half;   // NaN
    return static_cast<std::uint16_t>(((bits >> 16) & 0x8000U) | half);
}

}  // namespace

std::uint16_t to_half(float value) { return half_of(value); }

NACHOS_CLONES void to_halves(const float* values, std::size_t count, std::uint16_t* halves) {
    for (std::size_t i = 0; i < count; ++i) halves[i] = half_of(values[i]);
}

float from_half(std::uint16_t bits) {
    const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000U) << 16;
    const std::uint32_t exponent = (bits >> 10) & 0x1fU;
    const std::uint32_t mantissa = bits & 0x3ffU;
    if (exponent == 0) {
        const float value = static_cast<float>(mantissa) / 16777216.0F;
        return sign != 0 ? -value : value;
    }
    if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000U | (mantissa << 13));
    return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (mantissa << 13));
}

}  // namespace nachos::core
