#include "core/stats.h"

#include "core/expect_error.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace nachos::core {
namespace {

TEST(Stats, MeanAndDeviationByHand) {
    const std::vector<double> values = {2, 4, 4, 4, 5, 5, 7, 9};  // mean 5, squared deviations sum to 32
    EXPECT_DOUBLE_EQ(mean(values), 5);
    EXPECT_DOUBLE_EQ(standard_deviation(values), std::sqrt(32.0 / 7));
    EXPECT_EQ(mean({}), 0);
    EXPECT_EQ(standard_deviation(std::vector<double>{3}), 0);
}

TEST(Stats, QuantileIsLinearBetweenOrderStatistics) {
    const std::vector<double> values = {40, 10, 30, 20};
    EXPECT_DOUBLE_EQ(quantile(values, 0), 10);
    EXPECT_DOUBLE_EQ(quantile(values, 1), 40);
    EXPECT_DOUBLE_EQ(quantile(values, 0.25), 17.5);  // position 0.75
    EXPECT_DOUBLE_EQ(median(values), 25);
    EXPECT_DOUBLE_EQ(quantile(std::vector<double>{6}, 0.95), 6);
    test::expect_error(ErrorKind::runtime, {"no values"}, [] { quantile({}, 0.5); });
}

// Values of an independent implementation: Wichura's AS 241 (1988), as Python's statistics.NormalDist has it.
TEST(Stats, NormalQuantile) {
    EXPECT_NEAR(normal_quantile(0.75), 0.6744897502, 1e-10);
    EXPECT_NEAR(normal_quantile(0.9), 1.2815515655, 1e-10);
    EXPECT_NEAR(normal_quantile(0.95), 1.6448536270, 1e-10);
    EXPECT_NEAR(normal_quantile(0.975), 1.9599639845, 1e-10);
    EXPECT_NEAR(normal_quantile(0.99), 2.3263478740, 1e-10);
    EXPECT_NEAR(normal_quantile(0.999), 3.0902323062, 1e-10);
    EXPECT_NEAR(normal_quantile(1e-6), -4.7534243088, 1e-10);
}

TEST(Stats, NormalQuantileIsOddAndGoesToTheEnds) {
    EXPECT_NEAR(normal_quantile(0.5), 0, 1e-15);
    for (const double p : {0.4, 0.2, 0.05, 1e-3, 1e-9}) EXPECT_NEAR(normal_quantile(p), -normal_quantile(1 - p), 1e-7);
    EXPECT_NEAR(normal_quantile(0x1p-1022), -37.51938, 1e-4);
    EXPECT_NEAR(normal_quantile(1 - 1e-12), 7.0344, 1e-4);
}

// 0.9 of 100: (0.9 + z^2/200 -+ z sqrt(0.0009 + z^2/40000)) / (1 + z^2/100), z = 1.95996.
TEST(Stats, WilsonInterval) {
    const Interval i = wilson95(0.9, 100);
    EXPECT_NEAR(i.low, 0.825634, 1e-6);
    EXPECT_NEAR(i.high, 0.944771, 1e-6);
    const Interval none = wilson95(0, 10);
    EXPECT_EQ(none.low, 0);
    EXPECT_NEAR(none.high, 3.841459 / 13.841459, 1e-6);  // z^2 / (n + z^2)
    EXPECT_EQ(wilson95(0.5, 0).low, 0);
    EXPECT_EQ(wilson95(0.5, 0).high, 1);
}

}  // namespace
}  // namespace nachos::core
