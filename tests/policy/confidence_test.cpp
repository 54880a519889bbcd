#include "policy/confidence.h"

#include "core/expect_error.h"
#include "core/rng.h"

#include <gtest/gtest.h>

#include <cmath>

namespace nachos::policy {
namespace {

/// One sample, three classes, four exits; class probabilities are simple fractions.
RecordedTable small_table() {
    const auto l = [](double p) { return static_cast<float>(std::log(p)); };
    return {.samples = 1,
            .exits = 4,
            .classes = 3,
            .labels = {1},
            .logits = {l(0.5), l(0.25), l(0.25), l(0.25), l(0.5), l(0.25), l(0.125), l(0.75), l(0.125), 0, 5, 0},
            .gates = {0, l(3.0), -l(3.0), 0}};
}

RecordedTable random_table(core::Rng& rng, int samples, int exits, int classes) {
    RecordedTable table{.samples = samples, .exits = exits, .classes = classes, .labels = {}, .logits = {}, .gates = {}};
    for (int n = 0; n < samples; ++n) table.labels.push_back(rng.between(0, classes - 1));
    for (int n = 0; n < samples * exits * classes; ++n) table.logits.push_back(static_cast<float>(30 * rng.normal()));
    for (int n = 0; n < samples * exits; ++n) table.gates.push_back(static_cast<float>(10 * rng.normal()));
    return table;
}

std::vector<float> early_confidences(Measure measure) {
    const auto all = view(small_table(), measure, {}).confidences;
    return {all.begin(), all.end() - 1};
}

void expect_near(const std::vector<float>& got, const std::vector<double>& wanted) {
    ASSERT_EQ(got.size(), wanted.size());
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], wanted[i], 1e-6) << "exit " << i;
}

TEST(Confidence, MeasuresByHand) {
    expect_near(early_confidences(Measure::gate), {0.5, 0.75, 0.25});
    expect_near(early_confidences(Measure::cumulative_gate), {0.5, 1 - 0.5 * 0.25, 1 - 0.5 * 0.25 * 0.75});
    expect_near(early_confidences(Measure::score_margin), {0.25, 0.25, 0.625});
    expect_near(early_confidences(Measure::max_prob), {0.5, 0.5, 0.75});
    const double half = 1.5 * std::log(2.0) / std::log(3.0);
    const double sure = (0.75 * std::log(4.0 / 3) + 0.25 * std::log(8.0)) / std::log(3.0);
    expect_near(early_confidences(Measure::entropy), {1 - half, 1 - half, 1 - sure});
    expect_near(early_confidences(Measure::patience), {0, 0, 0.5});  // predictions 0, 1, 1
}

TEST(Confidence, CalibrationEntersTheMeasures) {
    Calibration calibration;
    calibration.exits.assign(4, {.temperature = 0.5, .gate_slope = 2, .gate_offset = std::log(2.0)});
    const auto prob = view(small_table(), Measure::max_prob, calibration);
    EXPECT_NEAR(prob.confidences[0], 0.25 / (0.25 + 2 * 0.0625), 1e-6);  // probabilities squared, renormalised
    const auto gate = view(small_table(), Measure::gate, calibration);
    EXPECT_NEAR(gate.confidences[1], 18.0 / 19, 1e-6);  // odds 3^2 * 2
}

TEST(Confidence, ViewEqualsWhatADeviceComputes) {
    core::Rng rng(1);
    const RecordedTable table = random_table(rng, 50, 4, 5);
    Calibration calibration;
    for (int i = 0; i < 4; ++i) calibration.exits.push_back({0.5 + i, 1.5, -0.25 * i});
    for (const MeasureRow& row : measures()) {
        const ExitView seen = view(table, row.measure, calibration);
        for (int n = 0; n < table.samples; ++n)
            for (int i = 0; i < 4; ++i) {
                const std::span<const float> logits(table.logits_of(n, 0), static_cast<std::size_t>(5 * (i + 1)));
                const std::span<const float> gates(table.gates.data() + 4 * n, static_cast<std::size_t>(i + 1));
                const float own = i == 3 ? 1 : confidence_at(row.measure, calibration, logits, gates, i, 5);
                EXPECT_EQ(seen.confidence(n, i), own) << row.name;
                EXPECT_GE(own, 0);
                EXPECT_LE(own, 1);
            }
    }
}

TEST(Confidence, PredictionsAreTheLargestLogitsFirstOfEqualOnes) {
    const RecordedTable table{
        .samples = 1, .exits = 2, .classes = 3, .labels = {2}, .logits = {1, 1, 0, 0, 2, 3}, .gates = {0, 0}};
    const ExitView seen = view(table, Measure::max_prob, {});
    EXPECT_EQ(seen.predictions, (std::vector<std::int32_t>{0, 2}));
    EXPECT_FALSE(seen.correct(0, 0));
    EXPECT_TRUE(seen.correct(0, 1));
}

TEST(Confidence, NamesGoBothWaysAndUnknownOnesListTheKnown) {
    for (const MeasureRow& row : measures()) EXPECT_EQ(measure_from(to_string(row.measure)), row.measure);
    test::expect_error(ErrorKind::usage, {"'sharpness'", "gate, cumulative_gate, score_margin, max_prob, entropy, patience"},
                       [] { measure_from("sharpness"); });
}

TEST(Confidence, SelectTakesRowsInOrder) {
    core::Rng rng(2);
    const RecordedTable table = random_table(rng, 6, 2, 3);
    const std::vector<int> rows{4, 0, 4};
    const ExitView whole = view(table, Measure::entropy, {});
    const ExitView a = select(whole, rows);
    const ExitView b = view(select(table, rows), Measure::entropy, {});
    EXPECT_EQ(a.samples, 3);
    EXPECT_EQ(a.labels, b.labels);
    EXPECT_EQ(a.predictions, b.predictions);
    EXPECT_EQ(a.confidences, b.confidences);
    EXPECT_EQ(a.confidence(1, 0), whole.confidence(0, 0));
}

}  // namespace
}  // namespace nachos::policy
