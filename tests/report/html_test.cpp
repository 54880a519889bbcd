#include "report/html.h"

#include "report/charts.h"
#include "report/sample.h"
#include "report/svg.h"

#include <gtest/gtest.h>

namespace nachos::report {
namespace {

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(Svg, ScalesAndTicksByHand) {
    const Scale linear{0, 10, 100, 200};
    EXPECT_DOUBLE_EQ(linear(5), 150);
    const Scale logarithmic{1, 100, 0, 100, true};
    EXPECT_DOUBLE_EQ(logarithmic(10), 50);
    EXPECT_EQ(ticks(linear, 5), (std::vector<double>{0, 2, 4, 6, 8, 10}));
    EXPECT_EQ(ticks(logarithmic, 0), (std::vector<double>{1, 2, 5, 10, 20, 50, 100}));
}

TEST(Svg, NamesAreEscaped) { EXPECT_EQ(escaped("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;"); }

TEST(Html, IsSelfContainedAndEscapesNames) {
    const std::string page = html_report(test::sample_trained());
    EXPECT_TRUE(holds(page, "synthetic &lt;b&gt;"));
    EXPECT_TRUE(holds(page, "&quot;right&quot; &amp; &lt;script&gt;"));
    for (const char* forbidden : {"<script", "http:", "https:", "src=", "@import", "url(", "synthetic <b>"})
        EXPECT_FALSE(holds(page, forbidden)) << forbidden;
}

TEST(Html, ShowsTheTestAccuracyAndHowOftenTestWasRead) {
    const std::string page = html_report(test::sample_trained());
    EXPECT_TRUE(holds(page, "<b>91.00 %</b><span>accuracy on the test split"));
    EXPECT_TRUE(holds(page, "The test split was read 1 time."));
    EXPECT_TRUE(holds(page, "class=\"test\""));
}

TEST(Html, NothingAdmissibleSaysWhy) {
    auto snapshot = test::sample_snapshot();
    snapshot.facts.limits.min_accuracy = 0.99;
    const std::string page = html_report(snapshot);
    EXPECT_TRUE(holds(page, "No design meets the limits"));
    EXPECT_TRUE(holds(page, "min_accuracy is"));
}

TEST(Html, AStudyThatHasOnlyBegunIsAPageToo) {
    auto snapshot = test::sample_snapshot();
    snapshot.evaluations.clear();
    snapshot.history.clear();
    EXPECT_TRUE(holds(html_report(snapshot), "</html>"));
}

TEST(DesignDrawing, ShowsEachExitWithItsShare) {
    const auto snapshot = test::sample_snapshot();
    const std::string drawing = design_drawing(results(snapshot, snapshot.facts.limits).designs[1]);
    EXPECT_TRUE(holds(drawing, ">25.0 %<"));
    EXPECT_TRUE(holds(drawing, ">75.0 %<"));
    EXPECT_TRUE(holds(drawing, ">leaves if ≥ 0.75<"));
    EXPECT_TRUE(holds(drawing, ">95.0 k MACs<"));
    EXPECT_TRUE(holds(drawing, ">stage 2 · 24 ch<"));
}

}  // namespace
}  // namespace nachos::report
