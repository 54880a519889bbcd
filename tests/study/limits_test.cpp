#include "study/evaluation.h"

#include "core/error.h"

#include <gtest/gtest.h>

namespace nachos::study {
namespace {

ArchCosts costs() {
    return {.backbone_macs = {90, 180},
            .head_macs = {10, 20},
            .executed_macs = {100, 210},
            .paper_macs = {100, 200},
            .params = 50,
            .peak_activation_bytes = 400};
}

policy::OperatingPoint point() {
    policy::OperatingPoint p;
    p.accuracy = 0.8;
    p.min_class_accuracy = 0.5;
    p.avg_cost = 150;
    p.p95_cost = 210;
    p.worst_cost = 210;
    return p;
}

std::vector<std::string> names(const std::vector<Violation>& broken) {
    std::vector<std::string> all;
    for (const Violation& v : broken) all.push_back(v.limit);
    return all;
}

TEST(Limits, NoneAreAlwaysMet) {
    EXPECT_TRUE(violations({}, costs()).empty());
    EXPECT_TRUE(violations({}, costs(), point()).empty());
}

TEST(Limits, MetExactlyIsMet) {
    Limits limits;
    limits.max_avg_macs = 150;
    limits.max_p95_macs = 210;
    limits.max_worst_macs = 210;
    limits.max_params = 50;
    limits.max_peak_activation_bytes = 400;
    limits.min_accuracy = 0.8;
    limits.min_class_accuracy = 0.5;
    EXPECT_TRUE(violations(limits, costs()).empty());
    EXPECT_TRUE(violations(limits, costs(), point()).empty());
}

TEST(Limits, EachIsNamedWithWhatWasGotAndAllowed) {
    Limits limits;
    limits.max_avg_macs = 100;
    limits.max_p95_macs = 168;
    limits.max_worst_macs = 200;
    limits.max_params = 40;
    limits.max_peak_activation_bytes = 320;
    limits.min_accuracy = 1;
    limits.min_class_accuracy = 0.625;
    const auto broken = violations(limits, costs(), point());
    EXPECT_EQ(names(broken),
              (std::vector<std::string>{"max_worst_macs", "max_params", "max_peak_activation_bytes", "max_avg_macs",
                                        "max_p95_macs", "min_accuracy", "min_class_accuracy"}));
    const double relative[] = {0.05, 0.25, 0.25, 0.5, 0.25, 0.2, 0.2};
    for (std::size_t i = 0; i < broken.size(); ++i) EXPECT_NEAR(broken[i].relative, relative[i], 1e-12) << broken[i].limit;
    EXPECT_EQ(broken[0].got, 210);
    EXPECT_EQ(broken[0].allowed, 200);
    EXPECT_NEAR(total_violation(broken), 1.7, 1e-12);
    // Without data the average is only known to be at least the first exit's cost, which is within the limit.
    EXPECT_EQ(names(violations(limits, costs())),
              (std::vector<std::string>{"max_worst_macs", "max_params", "max_peak_activation_bytes"}));
}

TEST(Limits, CostOfTheFirstExitIsTheLeastPossible) {
    Limits limits;
    limits.max_avg_macs = 80;
    const auto broken = violations(limits, costs());
    ASSERT_EQ(names(broken), std::vector<std::string>{"max_avg_macs"});
    EXPECT_EQ(broken[0].got, 100);
    EXPECT_EQ(broken[0].relative, 0.25);
    limits = {};
    limits.max_p95_macs = 99;
    EXPECT_EQ(names(violations(limits, costs())), std::vector<std::string>{"max_p95_macs"});
}

// 0.25 of the samples leave after 40 us, the others after 100: 0.25 * 40 + 0.75 * 100 = 85.
TEST(Limits, AverageLatencyByHand) {
    ArchCosts own = costs();
    own.latency_us = {40, 100};
    policy::OperatingPoint p = point();
    p.exit_share = {0.25, 0.75};
    EXPECT_DOUBLE_EQ(avg_latency_us(own.latency_us, p), 85);
    Limits limits;
    limits.max_avg_latency_us = 85;
    EXPECT_TRUE(violations(limits, own, p).empty());
    limits.max_avg_latency_us = 68;
    const auto broken = violations(limits, own, p);
    ASSERT_EQ(names(broken), std::vector<std::string>{"max_avg_latency_us"});
    EXPECT_DOUBLE_EQ(broken[0].got, 85);
    EXPECT_DOUBLE_EQ(broken[0].relative, 0.25);
    EXPECT_TRUE(violations(limits, own, p, 60.0).empty());  // a prediction in its place
    EXPECT_TRUE(violations(limits, own).empty());           // thresholds may bring it down to 40
    limits.max_avg_latency_us = 39;
    EXPECT_EQ(names(violations(limits, own)), std::vector<std::string>{"max_avg_latency_us"});
}

TEST(CostUnit, CostsAndAveragesByHand) {
    ArchCosts own = costs();
    own.latency_us = {40, 100};
    policy::OperatingPoint p = point();
    p.exit_share = {0.25, 0.75};
    EXPECT_EQ(exit_costs(own, CostUnit::macs), (std::vector<double>{100, 210}));
    EXPECT_EQ(exit_costs(own, CostUnit::latency_us), own.latency_us);
    EXPECT_EQ(average_cost(own, p, CostUnit::macs), 150);
    EXPECT_EQ(average_cost(own, p, CostUnit::latency_us), 85);
    EXPECT_EQ(cost_unit_from("latency", "here"), CostUnit::latency_us);
    EXPECT_THROW(cost_unit_from("flops", "here"), Error);
}

TEST(Limits, UnknownLatencyMeetsNoLimit) {
    Limits limits;
    limits.max_avg_latency_us = 1e9;
    policy::OperatingPoint p = point();
    p.exit_share = {0.25, 0.75};
    EXPECT_EQ(violations(limits, costs(), p).size(), 1U);
    EXPECT_EQ(violations(limits, costs()).size(), 1U);
    EXPECT_TRUE(violations({}, costs(), p).empty());
}

}  // namespace
}  // namespace nachos::study
