#include "core/hash.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace nachos::core {
namespace {

// The values that the specification of XXH3 gives for no bytes, in its canonical order.
TEST(Hash, EqualsThePublishedValues) {
    EXPECT_EQ(hash64(""), 0x2d06800538d394c2U);
    EXPECT_EQ(hash_hex(""), "99aa06d3014798d86001c324468d497f");
}

TEST(Hash, DependsOnEveryByte) {
    const std::string text = "stage2.block1.expand";
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string other = text;
        other[i] ^= 1;
        EXPECT_NE(hash64(other), hash64(text)) << i;
        EXPECT_NE(hash_hex(other), hash_hex(text)) << i;
    }
    EXPECT_EQ(hash_hex(text).size(), 32U);
}

TEST(Hash, BytesOfAnArray) {
    const std::vector<std::uint16_t> values = {0x4142, 0x4344};
    EXPECT_EQ(bytes_of(std::span<const std::uint16_t>(values)), "BADC");  // little-endian, as all files here
}

}  // namespace
}  // namespace nachos::core
