#include "policy/stick_breaking.h"

#include <gtest/gtest.h>

#include <cmath>

namespace nachos::policy {
namespace {

// Two samples, two early exits, costs 10, 20, 40. Gate logits 0 leave with 1/2: 5 + 5 + 10 = 20. With log 3 at the first
// exit of the second sample: 3/4 * 10 + 1/8 * 20 + 1/8 * 40 = 15.
TEST(StickBreakingCost, ByHand) {
    const auto log3 = static_cast<float>(std::log(3.0));
    const RecordedTable table{.samples = 2,
                              .exits = 3,
                              .classes = 2,
                              .labels = {0, 1},
                              .logits = std::vector<float>(12, 0),
                              .gates = {0, 0, 0, log3, 0, 0}};
    const std::vector<std::int64_t> costs{10, 20, 40};
    EXPECT_NEAR(stick_breaking_cost(table, std::vector<double>{0, 0}, costs), (20 + 15) / 2.0, 1e-6);
    EXPECT_NEAR(stick_breaking_cost(table, std::vector<double>{50, 0}, costs), 10, 1e-6);
    EXPECT_NEAR(stick_breaking_cost(table, std::vector<double>{-50, -50}, costs), 40, 1e-6);
}

}  // namespace
}  // namespace nachos::policy
