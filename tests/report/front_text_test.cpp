#include "report/front_text.h"

#include "report/sample.h"

#include <gtest/gtest.h>

#include <sstream>

namespace nachos::report {
namespace {

using test::sample_snapshot;

std::vector<std::string> drawn(const Snapshot& s, const PlotStyle& style) {
    std::istringstream text(front_text(s, results(s, s.facts.limits), style));
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
}

TEST(FrontText, IsDrawnAsAsciiPointByPoint) {
    // Designs at 100 k (80 %) and 200 k (90 %); also evaluated: 150 k (78 %) and 300 k (95 %); the limit is 250 k.
    // clang-format off
    const std::vector<std::string> expected{
        "accuracy",
        "    95 % +                               :    .",
        "         |                               :",
        "    90 % +                        o      :",
        "         |                               :",
        "    85 % +                               :",
        "         |                               :",
        "    80 % +   o                           :",
        "         |               .               :",
        "         +---+-----------+--------+-----------+---",
        "           100 k       150 k    200 k       300 k",
        "                          average MACs (log scale)",
        "o admissible front   . evaluated   : at most 250 k"};
    // clang-format on
    EXPECT_EQ(drawn(sample_snapshot(), {.width = 50, .height = 8}), expected);
}

TEST(FrontText, NothingWhereThereIsNoRoom) {
    EXPECT_TRUE(drawn(sample_snapshot(), {.width = 39}).empty());
    EXPECT_TRUE(drawn(sample_snapshot(), {.width = 80, .height = 3}).empty());
}

TEST(FrontText, WithoutPointsThereAreStillAxes) {
    Snapshot s = sample_snapshot();
    s.evaluations.clear();
    const auto lines = drawn(s, {.width = 60, .height = 8});
    ASSERT_EQ(lines.size(), 13U);
    EXPECT_EQ(lines.back(), "o admissible front   . evaluated   : at most 250 k");
}

TEST(FrontText, ADotOfBrailleStandsWhereItsPointIs) {
    Snapshot s = sample_snapshot();
    s.facts.limits = {};
    const auto lines = drawn(s, {.width = 80, .height = 16, .unicode = true});
    std::size_t designs = 0, dots = 0;
    for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
        for (std::size_t at = 0; (at = lines[i].find("●", at)) != std::string::npos; ++at) ++designs;
        for (std::size_t at = 0; (at = lines[i].find("\xE2\xA0", at)) != std::string::npos; ++at) ++dots;
        for (std::size_t at = 0; (at = lines[i].find("\xE2\xA1", at)) != std::string::npos; ++at) ++dots;
        for (std::size_t at = 0; (at = lines[i].find("\xE2\xA2", at)) != std::string::npos; ++at) ++dots;
    }
    EXPECT_EQ(designs, 3U);  // without limits that at 300 k is one, too
    EXPECT_EQ(dots, 1U);     // what the front hides is not drawn
}

}  // namespace
}  // namespace nachos::report
