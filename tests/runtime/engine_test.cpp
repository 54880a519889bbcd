#include "runtime/engine.h"

#include "arch/search_space.h"
#include "core/error.h"
#include "core/rng.h"
#include "model/tiny_model.h"
#include "runtime/classifier.h"
#include "runtime/runtime.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <cmath>

namespace nachos::runtime {
namespace {

using arch::Activation;
using arch::LayerKind;
using arch::NetDesc;
using test::LayerCase;

std::vector<float> noise(std::int64_t n, core::Rng& rng, double deviation = 1) {
    std::vector<float> values(static_cast<std::size_t>(n));
    for (float& v : values) v = static_cast<float>(deviation * rng.normal());
    return values;
}

void fill(NetDesc& net, core::Rng& rng) {
    for (arch::Layer& l : net.layers) {
        if (!l.has_weights()) continue;
        l.batch_norm = false;
        l.bias = true;
        const double fan_in = static_cast<double>(l.weight_count()) / l.out.c;
        l.weight = noise(l.weight_count(), rng, std::sqrt(2 / fan_in));
        l.bias_values = noise(l.out.c, rng, 0.1);
    }
}

/// (C, H, W) to (H, W, C), or back.
std::vector<float> reordered(std::span<const float> map, const arch::Shape& s, bool to_channels_last) {
    std::vector<float> out(map.size());
    const int plane = s.h * s.w;
    for (int c = 0; c < s.c; ++c) {
        for (int p = 0; p < plane; ++p) {
            const auto first = static_cast<std::size_t>(c * plane + p), last = static_cast<std::size_t>(p * s.c + c);
            (to_channels_last ? out[last] : out[first]) = to_channels_last ? map[first] : map[last];
        }
    }
    return out;
}

/// What each exit says of each sample, from the reference.
std::vector<std::vector<std::vector<float>>> reference(const NetDesc& net, const std::vector<std::vector<float>>& samples) {
    std::vector<std::vector<std::vector<float>>> outputs(samples.size());
    for (std::size_t s = 0; s < samples.size(); ++s) {
        run_staged(net, samples[s], [&](int, std::span<const float> output) {
            outputs[s].emplace_back(output.begin(), output.end());
            return false;
        });
    }
    return outputs;
}

void put(Engine& engine, const NetDesc& net, const std::vector<std::vector<float>>& samples) {
    float* to = engine.input().data();
    for (const auto& s : samples) {
        const auto last = reordered(s, net.input, true);
        to = std::copy(last.begin(), last.end(), to);
    }
    engine.start(static_cast<int>(samples.size()));
}

void expect_near(std::span<const float> got, const std::vector<float>& want, const std::string& what) {
    ASSERT_EQ(got.size(), want.size()) << what;
    for (std::size_t i = 0; i < want.size(); ++i)
        EXPECT_NEAR(got[i], want[i], 2e-4 * (1 + std::abs(want[i]))) << what << ", value " << i;
}

/// Runs one layer of a two-dimensional input with both, and compares.
void compare_layer(const LayerCase& c, const std::string& what) {
    core::Rng rng(7);
    NetDesc net{.input = c.in, .classes = 1, .layers = {c.layer()}, .exits = {{1, 1, false}}};
    fill(net, rng);
    std::vector<std::vector<float>> samples;
    for (int i = 0; i < 3; ++i) samples.push_back(noise(c.in.elements(), rng, 3));
    Engine engine(net, 3);
    put(engine, net, samples);
    const std::span<const float> out = engine.advance();
    const auto size = static_cast<std::size_t>(c.out.elements());
    const auto want = reference(net, samples);
    for (std::size_t s = 0; s < samples.size(); ++s) {
        std::vector<float> got(out.begin() + static_cast<std::ptrdiff_t>(s * size),
                               out.begin() + static_cast<std::ptrdiff_t>((s + 1) * size));
        if (c.kind != LayerKind::flatten) got = reordered(got, c.out, false);
        expect_near(got, want[s][0], what);
    }
}

TEST(Engine, DepthwiseOfEveryShape) {
    for (const int kernel : {3, 5, 7}) {
        for (const int stride : {1, 2}) {
            for (const int side : {1, 4, 7, 14, 9}) {
                for (const int channels : {1, 3, 8, 24, 29}) {
                    const int out = (side + stride - 1) / stride;
                    for (const Activation a : {Activation::none, Activation::relu, Activation::hard_swish})
                        compare_layer(
                            {.in = {channels, side, side},
                             .out = {channels, out, out},
                             .kernel = kernel,
                             .stride = stride,
                             .padding = kernel / 2,
                             .groups = channels,
                             .activation = a},
                            fmt::format("depthwise {}, stride {}, side {}, channels {}", kernel, stride, side, channels));
                }
            }
        }
    }
}

TEST(Engine, PointwiseOfEveryWidth) {
    for (const int in : {1, 8, 17}) {
        for (const int out : {1, 7, 8, 9, 16, 20, 24, 32, 40, 41, 64}) {
            for (const Activation a : {Activation::none, Activation::hard_swish, Activation::hard_sigmoid})
                compare_layer({.in = {in, 3, 5}, .out = {out, 3, 5}, .activation = a},
                              fmt::format("pointwise {} -> {}", in, out));
            compare_layer({.kind = LayerKind::linear, .in = {in, 1, 1}, .out = {out, 1, 1}},
                          fmt::format("linear {} -> {}", in, out));
        }
    }
}

TEST(Engine, TheOtherLayers) {
    compare_layer({.in = {3, 9, 9}, .out = {5, 5, 5}, .kernel = 3, .stride = 2, .padding = 1}, "3x3, stride 2");
    compare_layer({.in = {4, 5, 5}, .out = {4, 3, 3}, .stride = 2, .activation = Activation::relu}, "1x1, stride 2");
    compare_layer({.in = {4, 5, 5}, .out = {6, 5, 5}, .kernel = 3, .padding = 1, .groups = 2}, "two groups");
    compare_layer({.kind = LayerKind::max_pool, .in = {3, 7, 7}, .out = {3, 3, 3}, .kernel = 2}, "max pool");
    compare_layer({.kind = LayerKind::global_avg_pool, .in = {3, 7, 7}, .out = {3, 1, 1}}, "average");
    compare_layer({.kind = LayerKind::flatten, .in = {3, 2, 2}, .out = {12, 1, 1}}, "flatten");
    for (const Activation a : {Activation::none, Activation::relu, Activation::hard_swish, Activation::hard_sigmoid})
        compare_layer({.kind = LayerKind::activation, .in = {3, 2, 2}, .out = {3, 2, 2}, .activation = a}, "activation");
    compare_layer(
        {.kind = LayerKind::add, .inputs = {0, 0}, .in = {3, 2, 2}, .out = {3, 2, 2}, .activation = Activation::relu},
        "add");
}

class EverySpace : public testing::TestWithParam<const char*> {
  protected:
    /// A network of the space with all its exits.
    NetDesc network(core::Rng& rng) const {
        arch::SpaceOptions options;
        options.name = GetParam();
        const arch::SearchSpace space = arch::make_space(options, {32, 3, 10});
        NetDesc net = space.build(space.with_all_exits(space.decode(space.sample(rng))));
        fill(net, rng);
        return net;
    }
};

TEST_P(EverySpace, AgreesWithTheReferenceWhoeverLeavesWhere) {
    core::Rng rng(11);
    const NetDesc net = network(rng);
    std::vector<std::vector<float>> samples;
    for (int i = 0; i < 5; ++i) samples.push_back(noise(net.input.elements(), rng));
    const auto want = reference(net, samples);
    Engine engine(net, 5);
    put(engine, net, samples);
    std::vector<int> here = {0, 1, 2, 3, 4};
    for (int exit = 0; exit < net.exit_count(); ++exit) {
        const std::span<const float> out = engine.advance();
        const std::size_t width = out.size() / here.size();
        for (std::size_t row = 0; row < here.size(); ++row)
            expect_near(out.subspan(row * width, width),
                        want[static_cast<std::size_t>(here[row])][static_cast<std::size_t>(exit)],
                        fmt::format("exit {}, sample {}", exit, here[row]));
        if (here.size() == 1) continue;
        const std::size_t leaver = static_cast<std::size_t>(exit) % here.size();  // first, second, ... row
        std::vector<int> rows;
        for (std::size_t row = 0; row < here.size(); ++row)
            if (row != leaver) rows.push_back(static_cast<int>(row));
        here.erase(here.begin() + static_cast<std::ptrdiff_t>(leaver));
        engine.keep(rows);
    }
}

INSTANTIATE_TEST_SUITE_P(Spaces, EverySpace, testing::Values("mbv3-small", "ofa-mbv3", "resnet8"), [](const auto& info) {
    std::string name = info.param;
    std::erase(name, '-');
    return name;
});

TEST(Engine, MoreMemoryThanAMachineShouldBeAskedForIsRefused) {
    EXPECT_NO_THROW(Engine(test::tiny_net(), 2));
    EXPECT_THROW(Engine(test::tiny_net(4096), 64), Error);
}

TEST(Engine, LayersBehindAnExitRunOnlyWhenAskedFor) {
    const NetDesc net = test::tiny_net();
    Engine engine(net, 2);
    std::vector<std::size_t> ran;
    engine.set_hook([&](std::size_t layer, int, float*) { ran.push_back(layer); });
    engine.start(2);
    engine.advance();
    EXPECT_EQ(ran, (std::vector<std::size_t>{0, 1, 2}));
    engine.advance();
    EXPECT_EQ(ran.size(), net.layers.size());
}

TEST(MemoryPlan, NoTwoTensorsNeededAtOnceOverlap) {
    core::Rng rng(3);
    for (int trial = 0; trial < 200; ++trial) {
        std::vector<Lifetime> lives(1 + rng.below(12));
        std::int64_t most = 0;
        for (Lifetime& l : lives) {
            l.first = static_cast<int>(rng.below(10));
            l.last = l.first + static_cast<int>(rng.below(4));
            l.size = 1 + static_cast<std::int64_t>(rng.below(30));
        }
        const MemoryPlan plan = plan_memory(lives);
        for (int step = 0; step < 14; ++step) {
            std::vector<int> owner(static_cast<std::size_t>(plan.size), -1);
            std::int64_t needed = 0;
            for (std::size_t t = 0; t < lives.size(); ++t) {
                if (step < lives[t].first || step > lives[t].last) continue;
                needed += lives[t].size;
                for (std::int64_t i = plan.offsets[t]; i < plan.offsets[t] + lives[t].size; ++i) {
                    ASSERT_EQ(owner.at(static_cast<std::size_t>(i)), -1) << "trial " << trial << ", step " << step;
                    owner[static_cast<std::size_t>(i)] = static_cast<int>(t);
                }
            }
            most = std::max(most, needed);
        }
        EXPECT_GE(plan.size, most);
        EXPECT_LE(plan.size, 2 * most);  // greedy is not optimal, but never far off on such small cases
    }
}

// By hand: the two that never meet share a place.
TEST(MemoryPlan, PlacesAreUsedAgain) {
    const MemoryPlan plan = plan_memory({{0, 1, 10}, {1, 2, 4}, {2, 3, 8}});
    EXPECT_EQ(plan.offsets, (std::vector<std::int64_t>{0, 10, 0}));
    EXPECT_EQ(plan.size, 14);
}

TEST(Classifier, DecidesAsTheReferenceInEveryBatch) {
    const model::Model model = test::tiny_model();
    core::Rng rng(5);
    std::vector<std::uint8_t> pixels(4 * 50);
    for (auto& p : pixels) p = static_cast<std::uint8_t>(rng.below(256));
    std::vector<int> exits(2);
    for (const int batch : {1, 7, 64}) {
        Classifier classifier(model, batch);
        const auto results = classifier.run({0.6}, pixels);
        ASSERT_EQ(results.size(), 50U);
        for (std::size_t i = 0; i < results.size(); ++i) {
            const Inference want = infer(model, {0.6}, std::span(pixels).subspan(4 * i, 4));
            EXPECT_EQ(results[i].exit, want.exit);
            EXPECT_EQ(results[i].predicted, want.predicted);
            EXPECT_EQ(results[i].macs, want.macs);
            EXPECT_NEAR(results[i].confidence, want.confidence, 1e-5);
            ++exits[static_cast<std::size_t>(want.exit)];
        }
    }
    EXPECT_GT(exits[0], 0);
    EXPECT_GT(exits[1], 0);
}

}  // namespace
}  // namespace nachos::runtime
