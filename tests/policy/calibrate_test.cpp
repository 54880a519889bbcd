#include "policy/calibrate.h"

#include "core/rng.h"

#include <gtest/gtest.h>

#include <cmath>

namespace nachos::policy {
namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

/// Labels drawn from softmax(logits / temperature), one exit.
RecordedTable drawn_with_temperature(double temperature, int samples) {
    core::Rng rng(1);
    constexpr int classes = 5;
    RecordedTable table{.samples = samples, .exits = 1, .classes = classes, .labels = {}, .logits = {}, .gates = {}};
    table.gates.assign(static_cast<std::size_t>(samples), 0);
    for (int n = 0; n < samples; ++n) {
        double weights[classes];
        double sum = 0;
        for (double& w : weights) {
            table.logits.push_back(static_cast<float>(2 * temperature * rng.normal()));
            sum += w = std::exp(table.logits.back() / temperature);
        }
        double left = rng.uniform() * sum;
        int label = 0;
        while (label + 1 < classes && (left -= weights[label]) > 0) ++label;
        table.labels.push_back(label);
    }
    return table;
}

/// Two exits; the first is right with probability sigmoid(slope * g + offset).
RecordedTable drawn_with_gate(double slope, double offset, int samples) {
    core::Rng rng(2);
    RecordedTable table{.samples = samples, .exits = 2, .classes = 2, .labels = {}, .logits = {}, .gates = {}};
    for (int n = 0; n < samples; ++n) {
        const double g = 2 * rng.normal();
        table.labels.push_back(rng.chance(sigmoid(slope * g + offset)) ? 0 : 1);
        table.logits.insert(table.logits.end(), {1, 0, 1, 0});
        table.gates.insert(table.gates.end(), {static_cast<float>(g), 0});
    }
    return table;
}

TEST(Calibrate, RecoversAKnownTemperature) {
    for (const double temperature : {0.4, 1.0, 3.0}) {
        const Calibration fit = calibrate(drawn_with_temperature(temperature, 20000));
        EXPECT_NEAR(fit.exits[0].temperature / temperature, 1, 0.03);  // 3 standard errors
    }
}

TEST(Calibrate, TemperatureMinimisesTheLikelihood) {
    const RecordedTable table = drawn_with_temperature(2, 500);
    const auto loss = [&](double temperature) {
        double sum = 0;
        for (int n = 0; n < table.samples; ++n) {
            double z = 0;
            for (int k = 0; k < table.classes; ++k) z += std::exp(table.logits_of(n, 0)[k] / temperature);
            sum += std::log(z) - table.logits_of(n, 0)[table.labels[static_cast<std::size_t>(n)]] / temperature;
        }
        return sum;
    };
    const double best = calibrate(table).exits[0].temperature;
    EXPECT_LT(loss(best), loss(best * 1.001));
    EXPECT_LT(loss(best), loss(best * 0.999));
}

TEST(Calibrate, TemperatureStaysInItsRange) {
    RecordedTable table{.samples = 2, .exits = 1, .classes = 2, .labels = {0, 1}, .logits = {1, 0, 0, 1}, .gates = {0, 0}};
    EXPECT_NEAR(calibrate(table).exits[0].temperature, 0.1, 1e-6);  // always right: the sharper the better
    table.labels = {1, 0};
    EXPECT_NEAR(calibrate(table).exits[0].temperature, 10, 1e-6);
    table.logits = {0, 0, 0, 0};
    EXPECT_TRUE(std::isfinite(calibrate(table).exits[0].temperature));
}

TEST(Calibrate, RecoversKnownPlattParameters) {
    for (const auto& [slope, offset] : {std::pair{1.0, 0.0}, std::pair{0.5, 1.0}, std::pair{2.5, -1.5}}) {
        const Calibration fit = calibrate(drawn_with_gate(slope, offset, 20000));
        EXPECT_NEAR(fit.exits[0].gate_slope, slope, 0.03 * (1 + slope));
        EXPECT_NEAR(fit.exits[0].gate_offset, offset, 0.1);
        EXPECT_EQ(fit.exits[1].gate_slope, 1);  // the final exit has no gate
        EXPECT_EQ(fit.exits[1].gate_offset, 0);
    }
}

TEST(Calibrate, PlattIsStationaryEvenWhereTheGateSeparates) {
    RecordedTable table = drawn_with_gate(1, 0, 40);
    for (int n = 0; n < 40; ++n) table.labels[static_cast<std::size_t>(n)] = table.gate_of(n, 0) > 0 ? 0 : 1;
    const Calibration::Exit fit = calibrate(table).exits[0];
    double hits = 0;
    for (const int label : table.labels) hits += label == 0 ? 1 : 0;
    double d_slope = 0, d_offset = 0;
    for (int n = 0; n < 40; ++n) {
        const double target = table.labels[static_cast<std::size_t>(n)] == 0 ? (hits + 1) / (hits + 2) : 1 / (42 - hits);
        const double error = sigmoid(fit.gate_slope * table.gate_of(n, 0) + fit.gate_offset) - target;
        d_slope += error * table.gate_of(n, 0);
        d_offset += error;
    }
    EXPECT_NEAR(d_slope, 0, 1e-6);
    EXPECT_NEAR(d_offset, 0, 1e-6);
}

TEST(Calibrate, GatesWithoutInformationKeepTheIdentity) {
    RecordedTable one_sided = drawn_with_gate(1, 0, 20);
    one_sided.labels.assign(20, 0);
    RecordedTable constant = drawn_with_gate(1, 0, 20);
    constant.gates.assign(40, 0.3F);
    for (const RecordedTable* table : {&one_sided, &constant}) {
        const Calibration fit = calibrate(*table);
        EXPECT_EQ(fit.exits[0].gate_slope, 1);
        EXPECT_EQ(fit.exits[0].gate_offset, 0);
    }
}

void expect_bin(const ReliabilityBin& bin, int samples, double confidence, double accuracy) {
    EXPECT_EQ(bin.samples, samples);
    EXPECT_NEAR(bin.confidence, confidence, 1e-7);
    EXPECT_NEAR(bin.accuracy, accuracy, 1e-15);
}

/// Sure 0.2 and right, 0.5 and wrong, 0.8 and right, 0.6 and right.
ExitView four_samples() {
    return {.samples = 4,
            .exits = 1,
            .labels = {0, 0, 0, 0},
            .predictions = {0, 1, 0, 0},
            .confidences = {0.2F, 0.5F, 0.8F, 0.6F}};
}

TEST(ReliabilityBins, ByHand) {
    const auto halves = reliability_bins(four_samples(), 0, 2);  // (0, 0.5] and (0.5, 1]
    ASSERT_EQ(halves.size(), 2U);
    expect_bin(halves[0], 2, 0.35, 0.5);
    expect_bin(halves[1], 2, 0.7, 1);
    const auto quarters = reliability_bins(four_samples(), 0, 4);
    ASSERT_EQ(quarters.size(), 4U);
    expect_bin(quarters[0], 1, 0.2, 1);
    expect_bin(quarters[1], 1, 0.5, 0);
    expect_bin(quarters[2], 1, 0.6, 1);
    expect_bin(quarters[3], 1, 0.8, 1);
}

TEST(ReliabilityBins, EndsAndEmptyBins) {
    const ExitView view{
        .samples = 3, .exits = 2, .labels = {0, 0, 0}, .predictions = {1, 0, 0, 0, 0, 1}, .confidences = {0, 1, 1, 1, 1, 1}};
    const auto early = reliability_bins(view, 0, 3);
    expect_bin(early[0], 1, 0, 0);
    expect_bin(early[1], 0, 0, 0);
    expect_bin(early[2], 2, 1, 1);
    EXPECT_EQ(expected_calibration_error(view, 0, 3), 0);
    EXPECT_EQ(reliability_bins(view, 1).size(), 15U);
    expect_bin(reliability_bins(view, 1).back(), 3, 1, 2.0 / 3);
    EXPECT_NEAR(expected_calibration_error(view, 1), 1.0 / 3, 1e-15);
}

TEST(CalibrationError, ByHand) {
    const ExitView view = four_samples();
    EXPECT_NEAR(expected_calibration_error(view, 0, 2), 0.5 * std::abs(0.5 - 0.35) + 0.5 * std::abs(1 - 0.7), 1e-6);
}

TEST(CalibrationError, FallsWithCalibration) {
    const RecordedTable table = drawn_with_temperature(3, 5000);
    const auto error = [&](const Calibration& calibration) {
        RecordedTable twice = table;  // an early exit is needed: the final one's confidence is 1
        twice.exits = 2;
        twice.logits.clear();
        twice.gates.assign(static_cast<std::size_t>(2 * table.samples), 0);
        for (int n = 0; n < table.samples; ++n)
            for (int copy = 0; copy < 2; ++copy)
                twice.logits.insert(twice.logits.end(), table.logits_of(n, 0), table.logits_of(n, 0) + table.classes);
        return expected_calibration_error(view(twice, Measure::max_prob, calibration), 0);
    };
    Calibration fit = calibrate(table);
    fit.exits.push_back({});
    EXPECT_GT(error({}), 0.1);
    EXPECT_LT(error(fit), 0.02);
}

}  // namespace
}  // namespace nachos::policy
