#include "core/half.h"

#include "core/rng.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

namespace nachos::core {
namespace {

/// The value of a half, from the definition of binary16 and in double precision.
double value_of(std::uint16_t bits) {
    const int sign = (bits & 0x8000) != 0 ? -1 : 1;
    const int exponent = (bits >> 10) & 31;
    const int mantissa = bits & 1023;
    if (exponent == 31) return mantissa != 0 ? std::nan("") : sign * std::numeric_limits<double>::infinity();
    if (exponent == 0) return sign * std::ldexp(mantissa, -24);
    return sign * std::ldexp(1024 + mantissa, exponent - 25);
}

/// The half nearest to a finite, positive value by search over all of them; a tie goes to the even one. 65536 stands for
/// infinity.
std::uint16_t nearest(double v) {
    static const std::vector<double> values = [] {
        std::vector<double> all;
        for (std::uint16_t bits = 0; bits < 0x7c00; ++bits) all.push_back(value_of(bits));
        all.push_back(65536);
        return all;
    }();
    if (v >= 65536) return 0x7c00;
    const auto above = static_cast<std::size_t>(std::lower_bound(values.begin(), values.end(), v) - values.begin());
    if (above == 0) return 0;
    const double up = values[above] - v;
    const double down = v - values[above - 1];
    const bool take_up = up < down || (up == down && above % 2 == 0);
    return static_cast<std::uint16_t>(take_up ? above : above - 1);
}

TEST(Half, EveryPatternHasItsValueAndComesBack) {
    for (int i = 0; i < 65536; ++i) {
        const auto bits = static_cast<std::uint16_t>(i);
        const float value = from_half(bits);
        if (std::isnan(value_of(bits))) {
            ASSERT_TRUE(std::isnan(value)) << i;
            ASSERT_TRUE(std::isnan(from_half(to_half(value)))) << i;
            continue;
        }
        ASSERT_EQ(static_cast<double>(value), value_of(bits)) << i;
        ASSERT_EQ(std::signbit(value), (bits & 0x8000) != 0) << i;
        ASSERT_EQ(to_half(value), bits) << i;
    }
}

TEST(Half, RoundsToNearestEven) {
    Rng rng(1);
    for (int i = 0; i < 200'000; ++i) {
        const auto magnitude = static_cast<std::uint32_t>(rng.below(0x48000000));  // [0, 131072)
        const float value = std::bit_cast<float>(magnitude);
        ASSERT_EQ(to_half(value), nearest(value)) << value;
        ASSERT_EQ(to_half(-value), nearest(value) | 0x8000) << value;
    }
}

TEST(Half, TiesGoToTheEvenPattern) {
    for (int i = 0; i < 0x7bff; ++i) {
        const auto below = static_cast<std::uint16_t>(i);
        const auto above = static_cast<std::uint16_t>(i + 1);
        const auto middle = static_cast<float>((value_of(below) + value_of(above)) / 2);
        ASSERT_EQ(to_half(middle), i % 2 == 0 ? below : above) << i;
    }
}

TEST(Half, AnArrayIsConvertedAsItsValues) {
    Rng rng(2);
    std::vector<float> values(1003);
    for (float& v : values) v = std::bit_cast<float>(static_cast<std::uint32_t>(rng.below(std::uint64_t{1} << 32)));
    std::vector<std::uint16_t> halves(values.size());
    to_halves(values.data(), values.size(), halves.data());
    for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(halves[i], to_half(values[i])) << values[i];
}

TEST(Half, OverflowIsInfinity) {
    EXPECT_EQ(to_half(65504.0F), 0x7bff);
    EXPECT_EQ(to_half(std::nextafter(65520.0F, 0.0F)), 0x7bff);
    EXPECT_EQ(to_half(65520.0F), 0x7c00);
    EXPECT_EQ(to_half(-1e30F), 0xfc00);
    EXPECT_EQ(to_half(std::numeric_limits<float>::infinity()), 0x7c00);
    EXPECT_EQ(to_half(std::numeric_limits<float>::denorm_min()), 0);
}

}  // namespace
}  // namespace nachos::core
