#include "cli/progress_bar.h"

#include <gtest/gtest.h>

namespace nachos::cli {
namespace {

/// A terminal whose clock is set by hand.
struct Fake {
    explicit Fake(bool bar) : bar({bar, 100, [this](const std::string& t) { text += t; }, [this] { return now; }}) {}

    std::string text;
    double now = 100;
    ProgressBar bar;
};

TEST(ProgressText, Durations) {
    EXPECT_EQ(duration_text(0), "0:00");
    EXPECT_EQ(duration_text(8.2), "0:09");
    EXPECT_EQ(duration_text(750), "12:30");
    EXPECT_EQ(duration_text(3723), "1:02:03");
}

TEST(ProgressText, RateTimeLeftAndNote) {
    EXPECT_EQ(progress_line({"search", 25, 100, "hypervolume 0.5"}, 10, 0, 200),
              "search       [======>                 ]  25 %  25/100  2.5/s  0:30 left  hypervolume 0.5");
    EXPECT_EQ(progress_line({"final", 1, 4, ""}, 20, 0, 200),
              "final        [======>                 ]  25 %  1/4  20 s each  1:00 left");
    EXPECT_EQ(progress_line({"final", 4, 4, ""}, 20, 0, 200),
              "final        [========================] 100 %  4/4  5 s each  0:20 in all");
}

TEST(ProgressText, WorkDoneBeforeSaysNothingAboutTheRate) {
    EXPECT_EQ(progress_line({"search", 60, 100, ""}, 10, 50, 200),
              "search       [==============>         ]  60 %  60/100  1/s  0:40 left");
}

TEST(ProgressText, TheBarGivesWayToWhatIsSaid) {
    const core::Progress progress{"search", 25, 100, "best 91.23 % at 412.3 k MACs"};
    EXPECT_EQ(progress_line(progress, 10, 0, 89),
              "search       [===>        ]  25 %  25/100  2.5/s  0:30 left  best 91.23 % at 412.3 k MACs");
    EXPECT_EQ(progress_line(progress, 10, 0, 79),
              "search         25 %  25/100  2.5/s  0:30 left  best 91.23 % at 412.3 k MACs");
}

TEST(ProgressText, UnknownTotalAndNarrowTerminal) {
    EXPECT_EQ(progress_line({"reading", 7, 0, ""}, 0, 0, 200), "reading      7");
    EXPECT_EQ(progress_line({"reading", 7, 0, ""}, 0, 0, 4), "read");
}

TEST(ProgressBar, ABarIsDrawnOverItselfAndPhasesGetTheirOwnLine) {
    Fake fake(true);
    fake.bar({"a", 0, 2, ""});
    fake.now += 0.01;
    fake.bar({"a", 1, 2, ""});  // too soon to be shown
    fake.now += 0.2;
    fake.bar({"a", 2, 2, ""});
    fake.bar({"b", 0, 2, ""});
    EXPECT_EQ(std::count(fake.text.begin(), fake.text.end(), '\r'), 3);
    EXPECT_EQ(std::count(fake.text.begin(), fake.text.end(), '\n'), 1);
}

TEST(ProgressBar, LinesComeNowAndThen) {
    Fake fake(false);
    for (int i = 0; i <= 40; ++i, fake.now += 1) fake.bar({"a", i, 40, ""});
    EXPECT_EQ(std::count(fake.text.begin(), fake.text.end(), '\n'), 4);  // at 0, 15, 30 and the end
    EXPECT_EQ(fake.text.find('\r'), std::string::npos);
}

TEST(ProgressBar, OffWritesNothing) {
    ProgressBar bar(ProgressStyle::off);
    testing::internal::CaptureStderr();
    bar.observer()({"a", 1, 2, ""});
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace nachos::cli
