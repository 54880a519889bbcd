#include "runtime/runtime.h"

#include "core/rng.h"
#include "model/tiny_model.h"
#include "policy/table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace nachos::runtime {
namespace {

using arch::Activation;
using arch::LayerKind;
using arch::NetDesc;
using test::LayerCase;

std::vector<float> output_of(const NetDesc& net, const std::vector<float>& input) {
    std::vector<float> output;
    run_staged(net, input, [&](int, std::span<const float> values) {
        output.assign(values.begin(), values.end());
        return false;
    });
    return output;
}

/// The output of one layer on one input. The reference needs no classifier to run, only the end of the net.
std::vector<float> run_one(const LayerCase& c, const std::vector<float>& input) {
    return output_of({.input = c.in, .classes = 1, .layers = {c.layer()}, .exits = {{1, 1, false}}}, input);
}

/// 0, 1, 2, ...: maps and weights whose sums are easily worked.
std::vector<float> count_to(int n) {
    std::vector<float> values(static_cast<std::size_t>(n));
    std::iota(values.begin(), values.end(), 0.0F);
    return values;
}

TEST(Reference, PointwiseConvolutionMixesChannels) {
    const LayerCase l{.in = {2, 1, 2}, .out = {3, 1, 2}, .weight = {1, 0, 2, 1, 0, -1}, .bias = {0, 10, 0.5F}};
    EXPECT_EQ(run_one(l, {1, 2, 3, 4}), (std::vector<float>{1, 2, 15, 18, -2.5F, -3.5F}));
}

// 3 x 3 map 0..8, kernel 0..8, zero padding: the centre is the sum of squares, a corner sees four products.
TEST(Reference, ConvolutionPadsWithZeros) {
    const LayerCase l{.in = {1, 3, 3}, .out = {1, 3, 3}, .kernel = 3, .padding = 1, .weight = count_to(9)};
    const auto out = run_one(l, count_to(9));
    EXPECT_EQ(out[4], 204);  // 0 + 1 + 4 + ... + 64
    EXPECT_EQ(out[0], 4 * 0 + 5 * 1 + 7 * 3 + 8 * 4);
    EXPECT_EQ(out[8], 0 * 4 + 1 * 5 + 3 * 7 + 4 * 8);
    EXPECT_EQ(out[1], 3 * 0 + 4 * 1 + 5 * 2 + 6 * 3 + 7 * 4 + 8 * 5);
    EXPECT_EQ(out[3], 1 * 0 + 2 * 1 + 4 * 3 + 5 * 4 + 7 * 6 + 8 * 7);
}

TEST(Reference, StrideTakesEverySecondPosition) {
    LayerCase l{.in = {1, 4, 5}, .out = {1, 2, 3}, .kernel = 3, .stride = 2, .padding = 1, .weight = count_to(9)};
    const auto strided = run_one(l, count_to(20));
    l.stride = 1;
    l.out = {1, 4, 5};
    const auto dense = run_one(l, count_to(20));
    EXPECT_EQ(strided, (std::vector<float>{dense[0], dense[2], dense[4], dense[10], dense[12], dense[14]}));
    const LayerCase pointwise{.in = {1, 3, 3}, .out = {1, 2, 2}, .stride = 2, .weight = {2}};
    EXPECT_EQ(run_one(pointwise, count_to(9)), (std::vector<float>{0, 4, 12, 16}));
}

TEST(Reference, KernelMayReachFurtherThanTheMap) {
    const LayerCase l{.in = {1, 1, 2}, .out = {1, 1, 2}, .kernel = 5, .padding = 2, .weight = count_to(25)};
    EXPECT_EQ(run_one(l, {1, 10}), (std::vector<float>{12 + 130, 11 + 120}));  // row 2 of the kernel: 10 11 12 13 14
}

TEST(Reference, GroupsSeeOnlyTheirChannels) {
    const LayerCase depthwise{.in = {2, 1, 2}, .out = {2, 1, 2}, .groups = 2, .weight = {3, 5}};
    EXPECT_EQ(run_one(depthwise, {1, 2, 3, 4}), (std::vector<float>{3, 6, 15, 20}));
    const LayerCase pairs{.in = {4, 1, 1}, .out = {2, 1, 1}, .groups = 2, .weight = {1, 2, 3, 4}};
    EXPECT_EQ(run_one(pairs, {1, 10, 100, 1000}), (std::vector<float>{21, 4300}));
}

TEST(Reference, Linear) {
    const LayerCase l{
        .kind = LayerKind::linear, .in = {3, 1, 1}, .out = {2, 1, 1}, .weight = {1, 2, 3, 0, -1, 1}, .bias = {1, -1}};
    EXPECT_EQ(run_one(l, {1, 10, 100}), (std::vector<float>{322, 89}));
}

TEST(Reference, PoolingAndFlatten) {
    const LayerCase max{
        .kind = LayerKind::max_pool, .in = {2, 2, 3}, .out = {2, 1, 1}, .kernel = 2};  // the third column is dropped
    EXPECT_EQ(run_one(max, {1, 2, 9, 4, 3, 9, -1, -2, 9, -4, -3, 9}), (std::vector<float>{4, -1}));
    const LayerCase mean{.kind = LayerKind::global_avg_pool, .in = {2, 1, 3}, .out = {2, 1, 1}};
    EXPECT_EQ(run_one(mean, {1, 2, 6, -1, 0, 4}), (std::vector<float>{3, 1}));
    const LayerCase flatten{.kind = LayerKind::flatten, .in = {2, 1, 2}, .out = {4, 1, 1}};
    EXPECT_EQ(run_one(flatten, {1, 2, 3, 4}), (std::vector<float>{1, 2, 3, 4}));
}

TEST(Reference, Activations) {
    const std::vector<float> x = {-4, -3, -1.5F, 0, 1.5F, 3, 4};
    const auto of = [&](Activation a) {
        return run_one({.kind = LayerKind::activation, .in = {7, 1, 1}, .out = {7, 1, 1}, .activation = a}, x);
    };
    EXPECT_EQ(of(Activation::none), x);
    EXPECT_EQ(of(Activation::relu), (std::vector<float>{0, 0, 0, 0, 1.5F, 3, 4}));
    EXPECT_EQ(of(Activation::hard_sigmoid), (std::vector<float>{0, 0, 0.25F, 0.5F, 0.75F, 1, 1}));
    EXPECT_EQ(of(Activation::hard_swish), (std::vector<float>{0, 0, -0.375F, 0, 1.125F, 3, 4}));
}

// A squeeze-excitation block with a shortcut: x + x * hard_sigmoid(mean(x)).
TEST(Reference, ScaleAndAddReadEarlierTensors) {
    const arch::Shape map{2, 1, 2};
    NetDesc net{.input = map, .classes = 1, .layers = {}, .exits = {{1, 3, false}}};
    const auto add = [&](const LayerCase& c) { net.layers.push_back(c.layer()); };
    add({.kind = LayerKind::global_avg_pool, .in = map, .out = {2, 1, 1}, .activation = Activation::hard_sigmoid});
    add({.kind = LayerKind::scale, .inputs = {0, 1}, .in = map, .out = map});
    add({.kind = LayerKind::add, .inputs = {0, 2}, .in = map, .out = map});
    EXPECT_EQ(output_of(net, {1, 5, -4, -2}), (std::vector<float>{2, 10, -4, -2}));  // factors 1 and 0
}

TEST(Reference, AddOfATensorToItself) {
    const LayerCase twice{.kind = LayerKind::add, .inputs = {0, 0}, .in = {1, 1, 2}, .out = {1, 1, 2}};
    EXPECT_EQ(run_one(twice, {1, 5}), (std::vector<float>{2, 10}));
}

// Pixels 1, 1, 1, -1: channel means 0.5 and -0.5; exit 1 says 2 m_0, 2 m_1 and the gate 4 m_0 + 1; conv2 sums each map to 2
// and -2 everywhere, which ReLU makes 2 and 0.
TEST(Reference, ExitsInOrder) {
    std::vector<std::vector<float>> outputs;
    const std::vector<float> input = {1, 1, 1, -1};
    const auto all = [&](int exit, std::span<const float> output) {
        EXPECT_EQ(exit, static_cast<int>(outputs.size()));
        outputs.emplace_back(output.begin(), output.end());
        return false;
    };
    EXPECT_EQ(run_staged(test::tiny_net(), input, all), 1);
    EXPECT_EQ(outputs, (std::vector<std::vector<float>>{{1, -1, 3}, {2, 0}}));
}

TEST(Reference, WhatLiesBehindTheExitTakenIsNotRun) {
    NetDesc net = test::tiny_net();
    net.layers[3].weight.clear();  // conv2 would read beyond its weights: the sanitizers would tell
    net.layers[3].in = {1 << 20, 1 << 14, 1 << 14};
    net.layers[3].out = {1 << 20, 1 << 14, 1 << 14};  // and allocate a petabyte
    int calls = 0;
    const auto first = [&](int, std::span<const float>) { return ++calls == 1; };
    EXPECT_EQ(run_staged(net, std::vector<float>{1, 1, 1, -1}, first), 0);
    EXPECT_EQ(calls, 1);
}

TEST(Reference, PreprocessIsChannelMajorAndNormalised) {
    const model::Preprocessing p{
        .height = 1, .width = 2, .channels = 3, .resize_filter = "", .mean = {0, 0.5F, 1}, .std = {1, 0.5F, 2}};
    const std::vector<std::uint8_t> pixels = {255, 0, 255, 0, 255, 0};
    EXPECT_EQ(preprocess(p, pixels), (std::vector<float>{1, 0, -1, 1, 0, -0.5F}));
}

// Exit 1 says 1 and -1 at temperature 2: the larger probability is 1 / (1 + e^-1) = 0.731.
TEST(Infer, LeavesWhereTheThresholdIsReached) {
    const model::Model model = test::tiny_model();
    const std::vector<std::uint8_t> bright = {255, 255, 255, 0};
    const Inference early = infer(model, {0.73}, bright);
    EXPECT_EQ(early.exit, 0);
    EXPECT_EQ(early.predicted, 0);
    EXPECT_EQ(early.macs, 14);
    EXPECT_NEAR(early.confidence, 0.7310586, 1e-6);
    const Inference late = infer(model, {0.74}, bright);
    EXPECT_EQ(late.exit, 1);
    EXPECT_EQ(late.macs, 162);
    EXPECT_NEAR(late.confidence, 1 / (1 + std::exp(-2 / 1.5)), 1e-6);  // 2 and 0 at temperature 1.5
    EXPECT_EQ(infer(model, {std::nullopt}, bright).exit, 1);
    const std::vector<std::uint8_t> dark = {0, 0, 0, 255};
    EXPECT_EQ(infer(model, {0.73}, dark).predicted, 1);
}

policy::RecordedTable record(const model::Model& model, const std::vector<std::vector<std::uint8_t>>& images) {
    policy::RecordedTable table{
        .samples = static_cast<int>(images.size()), .exits = 2, .classes = 2, .labels = {}, .logits = {}, .gates = {}};
    for (const auto& image : images) {
        table.labels.push_back(0);
        run_staged(model.net, preprocess(model.preprocessing, image), [&](int, std::span<const float> output) {
            table.logits.insert(table.logits.end(), output.begin(), output.begin() + 2);
            table.gates.push_back(output.size() > 2 ? output[2] : 0);
            return false;
        });
    }
    return table;
}

TEST(Infer, DecidesAsThePolicyDoesOnTheRecordedTable) {
    model::Model model = test::tiny_model();
    core::Rng rng(1);
    std::vector<std::vector<std::uint8_t>> images(200, std::vector<std::uint8_t>(4));
    for (auto& image : images)
        for (auto& pixel : image) pixel = static_cast<std::uint8_t>(rng.below(256));
    const policy::RecordedTable table = record(model, images);
    for (const policy::MeasureRow& row : policy::measures()) {
        model.measure = row.measure;
        const policy::ExitView view = policy::view(table, row.measure, model.calibration);
        for (int n = 0; n < view.samples; ++n) {
            // The confidence of another sample as the threshold, and its own: "at least" includes equality.
            for (const int other : {n, (n + 1) % view.samples}) {
                const policy::Thresholds thresholds = {view.confidence(other, 0)};
                const Inference got = infer(model, thresholds, images[static_cast<std::size_t>(n)]);
                ASSERT_EQ(got.exit, policy::exit_taken(view, n, thresholds)) << row.name << ", sample " << n;
                ASSERT_EQ(got.predicted, view.predictions[static_cast<std::size_t>(n * 2 + got.exit)]);
                if (got.exit == 0) {
                    ASSERT_EQ(static_cast<float>(got.confidence), view.confidence(n, 0));
                }
            }
        }
    }
}

}  // namespace
}  // namespace nachos::runtime
