#include "core/source_tree.h"

#include <gtest/gtest.h>

namespace nachos {
namespace {

using test::lines_of;
using test::sources;

constexpr std::size_t kMostLines = 500;

TEST(Style, NoFileIsTooLong) {
    for (const auto& source : sources()) {
        const std::size_t lines = lines_of("src" / source).size();
        EXPECT_LE(lines, kMostLines) << source << ": split it";
    }
}

TEST(Style, HeadersAreIncludedOnceAndOpenNoNamespace) {
    for (const auto& source : sources()) {
        if (source.extension() != ".h") continue;
        const auto lines = lines_of("src" / source);
        EXPECT_EQ(std::count(lines.begin(), lines.end(), "#pragma once"), 1) << source;
        for (const std::string& line : lines)
            EXPECT_EQ(line.find("using namespace"), std::string::npos) << source << ": " << line;
    }
}

}  // namespace
}  // namespace nachos
