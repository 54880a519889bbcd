#include "core/plain_text.h"

#include <gtest/gtest.h>

namespace nachos::core {
namespace {

TEST(PlainText, IsUtf8WithoutControlCharacters) {
    for (const char* plain : {"", "dog", "café", "犬", "a b, \"c\" \\ 'd'", "\xEF\xBF\xBD", "\xC2\xA0"})
        EXPECT_TRUE(is_plain_text(plain)) << plain;
    for (const char* other : {"caf\xE9", "\xC3", "\xED\xA0\x80", "\xC0\xAF", "a\nb", "\x1b[31mred", "\x7f",
                              "\xC2\x9B"
                              "31m",
                              "\xEF\xBF\xBD\xE9"})
        EXPECT_FALSE(is_plain_text(other)) << quoted_text(other);
    EXPECT_FALSE(is_plain_text(std::string_view("a\0b", 3)));
}

TEST(PlainText, IsQuotedForMessages) {
    EXPECT_EQ(quoted_text("dog"), "\"dog\"");
    EXPECT_EQ(quoted_text("\x1b[31m"), "\"\\u001b[31m\"");
    EXPECT_EQ(quoted_text("caf\xE9"), "\"caf\xEF\xBF\xBD\"");
}

}  // namespace
}  // namespace nachos::core
