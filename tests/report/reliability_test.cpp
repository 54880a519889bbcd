#include "report/reliability.h"

#include "report/gated_table.h"
#include "report/html.h"
#include "report/sample.h"

#include <gtest/gtest.h>

#include <cmath>

namespace nachos::report {
namespace {

const double kSure = 1 / (1 + std::exp(-2.0));  // what the gates say where their exit is right; 1 - that where it is wrong

std::vector<ExitReliability> of_gates() {
    return reliability(test::gated_table(2000, 0.7, 2, core::Rng(1)), test::gated_table(1000, 0.7, 2, core::Rng(2)),
                       policy::Measure::gate);
}

TEST(Reliability, BeforeAndAfterCalibrationOfEachEarlyExit) {
    const auto exits = of_gates();
    ASSERT_EQ(exits.size(), 1U);
    EXPECT_NEAR(exits[0].error_before, 1 - kSure, 1e-6);
    EXPECT_LT(exits[0].error_after, 0.01);
    int samples = 0, filled = 0;
    for (const auto& bin : exits[0].before) {
        samples += bin.samples;
        filled += bin.samples > 0 ? 1 : 0;
        if (bin.confidence > 0.5) {
            EXPECT_EQ(bin.accuracy, 1);
        }
    }
    EXPECT_EQ(samples, 1000);
    EXPECT_EQ(filled, 2);
}

TEST(Reliability, IsDrawnInTheReport) {
    Snapshot s = test::sample_trained();
    EXPECT_EQ(html_report(s).find("How far its exits can be trusted"), std::string::npos);
    s.reliability = of_gates();
    const std::string page = html_report(s);
    EXPECT_NE(page.find("How far its exits can be trusted"), std::string::npos);
    EXPECT_NE(page.find("exit 1: error 11.9 % → "), std::string::npos);
    EXPECT_NE(page.find("as trained: "), std::string::npos);
}

}  // namespace
}  // namespace nachos::report
