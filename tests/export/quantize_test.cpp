#include "export/quantize.h"

#include "core/expect_error.h"
#include "core/files.h"
#include "core/temp_folder.h"
#include "export/forms.h"
#include "model/tiny_model.h"

#include <gtest/gtest.h>

#include <cmath>

namespace nachos::exporting {
namespace {

namespace fs = std::filesystem;

TEST(QuantizeNetwork, RoundsWeightsToTheirScalesAndRangesToCodes) {
    const model::Model trained = test::tiny_model(8);
    const std::vector<std::uint8_t> pixels = [] {
        std::vector<std::uint8_t> p(2 * 64, 0);
        std::fill(p.begin() + 64, p.end(), std::uint8_t{255});
        return p;
    }();
    const model::Model m = quantize_network(trained, pixels);
    ASSERT_TRUE(m.quantization);
    const model::Quantization& q = *m.quantization;
    // The image, and its negative beside it: -1 to 1.
    for (const std::size_t t : {0, 1}) {
        EXPECT_NEAR(q.tensors[t].scale, 2.0 / 255, 1e-7) << t;
        EXPECT_NEAR(q.tensors[t].zero, 0, 1) << t;
    }
    // Behind the 3x3 sum and ReLU: 0 to 9.
    EXPECT_NEAR(q.tensors[4].scale, 9.0 / 255, 1e-6);
    EXPECT_EQ(q.tensors[4].zero, -128);
    EXPECT_NEAR(q.weight_scales[0][0], 1.0 / 127, 1e-8);
    for (std::size_t i = 0; i < trained.net.layers.size(); ++i)
        for (std::size_t w = 0; w < trained.net.layers[i].weight.size(); ++w)
            EXPECT_NEAR(m.net.layers[i].weight[w], trained.net.layers[i].weight[w], 4.0 / 127 / 2);
    test::expect_error(ErrorKind::usage, {"quantized already"}, [&] { quantize_network(m, pixels); });
}

/// Of many images not all values are kept; those kept are of all channels.
TEST(QuantizeNetwork, RangesAreThoseOfAllChannelsHoweverManyImages) {
    model::Model model = test::form_cases()[0].model();
    arch::Layer& stem = model.net.layers[0];
    ASSERT_EQ(stem.out.c % 8, 0);
    const std::size_t per_channel = stem.weight.size() / static_cast<std::size_t>(stem.out.c);
    for (std::size_t c = 0; c < static_cast<std::size_t>(stem.out.c); c += 8) {  // those that an even step of 8 would see
        for (std::size_t w = 0; w < per_channel; ++w) stem.weight[c * per_channel + w] /= 100;
        stem.bias_values[c] /= 100;
    }
    core::Rng rng(3);
    const auto range = [&](int images) {
        return quantize_network(model, test::random_images(model.net, images, rng)).quantization->inner[0].scale;
    };
    const auto values = stem.out.elements();
    EXPECT_GT(range(static_cast<int>((1 << 23) / values)), 0.7F * range(32));
}

class EveryNetwork : public testing::TestWithParam<test::FormCase> {};

/// 8 bits change what exits say by some hundredths of its spread, and hardly any class.
TEST_P(EveryNetwork, SaysNearlyTheSame) {
    const model::Model trained = GetParam().model();
    const model::Model quantized = test::in_int8(trained);
    core::Rng rng(6);
    const auto pixels = test::random_images(trained.net, GetParam().images, rng);
    const Answers exact = reference_answers(trained, pixels), rounded = reference_answers(quantized, pixels);
    double spread = 0, off = 0, mean = 0;
    for (const float z : exact.logits) mean += z / static_cast<double>(exact.logits.size());
    for (std::size_t i = 0; i < exact.logits.size(); ++i) {
        spread += std::pow(exact.logits[i] - mean, 2);
        off += std::pow(exact.logits[i] - rounded.logits[i], 2);
    }
    EXPECT_LT(std::sqrt(off / spread), 0.12);
    EXPECT_GT(off, 0);
}

INSTANTIATE_TEST_SUITE_P(All, EveryNetwork, testing::ValuesIn(test::form_cases()),
                         [](const auto& info) { return test::name_of(info.param); });

TEST(QuantizedModel, IsAFileOfAThirdOrLess) {
    const test::TempFolder folder;
    const model::Model trained = test::form_cases()[3].model(), quantized = test::in_int8(trained);
    model::save_model(folder / "f", trained);
    model::save_model(folder / "q", quantized);
    EXPECT_LT(3 * fs::file_size(folder / "q"), fs::file_size(folder / "f"));
    const model::Model read = model::load_model(folder / "q");
    ASSERT_TRUE(read.quantization);
    EXPECT_EQ(read.quantization->tensors, quantized.quantization->tensors);
    EXPECT_EQ(read.quantization->inner, quantized.quantization->inner);
    EXPECT_EQ(read.quantization->weight_scales, quantized.quantization->weight_scales);
    for (std::size_t i = 0; i < read.net.layers.size(); ++i)
        EXPECT_EQ(read.net.layers[i].weight, quantized.net.layers[i].weight) << i;
    core::Rng rng(6);
    const auto pixels = test::random_images(trained.net, 5, rng);
    EXPECT_EQ(reference_answers(read, pixels).logits, reference_answers(quantized, pixels).logits);
}

TEST(QuantizedModel, WhatDoesNotFitIsRefused) {
    const test::TempFolder folder;
    const model::Model good = test::in_int8(test::form_cases()[0].model());
    const auto expect = [&](auto change, std::initializer_list<std::string> parts) {
        model::Model bad = good;
        change(bad);
        test::expect_error(ErrorKind::bad_data, parts, [&] { model::save_model(folder / "m", bad); });
    };
    expect([](model::Model& m) { m.quantization->tensors.pop_back(); }, {"codes of tensors", "needs"});
    expect([](model::Model& m) { m.quantization->tensors[1].scale = 0; }, {"scale 0", "1e-30"});
    expect([](model::Model& m) { m.quantization->inner[0].zero = 128; }, {"zero 128", "127"});
    expect([](model::Model& m) { m.quantization->weight_scales[0].pop_back(); }, {"scales of weights", "are needed"});
    expect([](model::Model& m) { m.net.layers[0].weight[0] += 0.3F * m.quantization->weight_scales[0][0]; }, {"weight"});
}

/// Thresholds are fitted anew for the budgets that the model had, and met by what they were fitted on.
TEST(Quantize, FitsThresholdsAnew) {
    const model::Model trained = test::form_cases()[0].model();
    core::Rng rng(8);
    const auto ranges = test::random_images(trained.net, 40, rng), pixels = test::random_images(trained.net, 300, rng);
    std::vector<std::int32_t> labels(300);
    for (auto& l : labels) l = static_cast<std::int32_t>(rng.below(10));
    const LabelledImages calibration{pixels, labels};
    const model::Model m = quantize(trained, ranges, calibration);
    ASSERT_FALSE(m.threshold_sets.empty());
    for (const model::ThresholdSet& set : m.threshold_sets) {
        EXPECT_LE(set.on_calibration.avg_cost, set.budget_macs);
        EXPECT_TRUE(std::any_of(trained.threshold_sets.begin(), trained.threshold_sets.end(),
                                [&](const auto& t) { return t.budget_macs == set.budget_macs; }));
    }
    EXPECT_NE(m.calibration.at(0).temperature, trained.calibration.at(0).temperature);
    const auto losses = quantization_loss(m, trained, calibration);
    ASSERT_EQ(losses.size(), m.threshold_sets.size());
    for (const QuantizationLoss& l : losses) {
        EXPECT_LE(l.avg_macs, l.budget_macs);
        EXPECT_GE(l.flips, 0);
        EXPECT_LE(l.flips, 1);
    }
    // Held against itself a model loses nothing.
    for (const QuantizationLoss& l : quantization_loss(m, m, calibration)) {
        EXPECT_EQ(l.flips, 0);
        EXPECT_EQ(l.accuracy, l.trained_accuracy);
    }
}

TEST(Int8, IsForCAlone) {
    const test::TempFolder folder;
    model::save_model(folder / "q", test::in_int8(test::form_cases()[0].model()));
    for (const char* kind : {"onnx", "onnx-staged"})
        test::expect_error(ErrorKind::usage, {"8 bits", "C only"},
                           [&] { export_model(folder / "q", kind, "net", folder / "out"); });
    EXPECT_FALSE(fs::exists(folder / "out"));
}

}  // namespace
}  // namespace nachos::exporting
