#include "core/expect_error.h"
#include "core/rng.h"
#include "model/tiny_model.h"
#include "runtime/classifier.h"
#include "runtime/quant_engine.h"
#include "runtime/quant_net.h"

#include <gtest/gtest.h>

#include <cmath>

namespace nachos::runtime {
namespace {

using test::tiny_model;

/// The example with codes by hand: pixels and the first maps in 127ths, sums over 9 pixels in 9 times that, weights exact
/// in 127ths of their largest.
model::Model tiny_quantized(int side = 2) {
    model::Model m = tiny_model(side);
    model::Quantization& q = m.quantization.emplace();
    const model::Affine unit{1.0F / 127, 0};
    q.tensors = {unit, unit, unit, {6.0F / 255, -1}, {18.0F / 255, -128}, {18.0F / 255, -128}, unit};
    for (std::size_t i = 0; i < m.net.layers.size(); ++i) {
        q.inner.push_back(q.tensors[i + 1]);
        const arch::Layer& l = m.net.layers[i];
        std::vector<float> scales;
        for (int o = 0; l.has_weights() && o < l.out.c; ++o) {
            const auto per = static_cast<std::size_t>(l.weight_count() / l.out.c);
            float most = 0;
            for (std::size_t w = 0; w < per; ++w)
                most = std::max(most, std::abs(l.weight[static_cast<std::size_t>(o) * per + w]));
            scales.push_back(most > 0 ? most / 127 : 1.0F);
        }
        q.weight_scales.push_back(scales);
    }
    return m;
}

TEST(Rescale, RoundsToTheNearestHalvesAwayFromZero) {
    const Rescale half = rescale_of(0.5);
    EXPECT_EQ(half.multiplier, 1 << 30);
    EXPECT_EQ(half.shift, 31);
    EXPECT_EQ(apply(half, 7), 4);
    EXPECT_EQ(apply(half, -7), -4);
    EXPECT_EQ(apply(half, 6), 3);
    EXPECT_EQ(apply(rescale_of(0), 12345), 0);
    EXPECT_EQ(apply(rescale_of(3), -5), -15);
}

TEST(Rescale, IsTheFactorToNineDigits) {
    core::Rng rng(1);
    for (int i = 0; i < 2000; ++i) {
        const double factor = std::exp(20 * rng.uniform() - 14);
        const Rescale r = rescale_of(factor);
        ASSERT_NEAR(r.multiplier / std::ldexp(1.0, r.shift) / factor, 1, 1e-9);
        const auto x = static_cast<std::int64_t>(rng.below(1 << 20)) - (1 << 19);
        const double exact = static_cast<double>(x) * factor;
        ASSERT_LE(std::abs(static_cast<double>(apply(r, x)) - exact), 0.5 + 1e-3 * std::abs(exact) * 1e-5);
    }
}

/// White is 1 on the first map's first channel and -1 on its second: codes 127 and -127; their means likewise; the head says
/// 2 and -2, the gate 4 + 1.
TEST(QuantEngine, TheExampleByHand) {
    const model::Model m = tiny_quantized();
    QuantEngine engine(m, 1);
    const std::vector<std::uint8_t> white(4, 255);
    engine.start(1, white);
    const auto first = engine.advance();
    ASSERT_EQ(first.size(), 3U);
    EXPECT_NEAR(first[0], 2, 1e-5);
    EXPECT_NEAR(first[1], -2, 1e-5);
    EXPECT_NEAR(first[2], 5, 1e-4);
    const auto last = engine.advance();
    ASSERT_EQ(last.size(), 2U);
    std::vector<float> wanted;
    run_staged(m.net, preprocess(m.preprocessing, white), [&](int, std::span<const float> z) {
        wanted.assign(z.begin(), z.end());
        return false;
    });
    EXPECT_NEAR(last[0], wanted[0], 18.0 / 255);
    EXPECT_NEAR(last[1], wanted[1], 18.0 / 255);
}

TEST(QuantEngine, BatchesSayWhatSingleImagesSay) {
    const model::Model m = tiny_quantized(4);
    core::Rng rng(2);
    std::vector<std::uint8_t> pixels(16 * 9);
    for (auto& p : pixels) p = static_cast<std::uint8_t>(rng.below(256));
    std::vector<Heard> one, many;
    Classifier single(m, 1), batched(m, 4);
    const auto a = single.run({0.6}, pixels, &one), b = batched.run({0.6}, pixels, &many);
    ASSERT_EQ(a.size(), 9U);
    int left = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        EXPECT_EQ(a[i].exit, b[i].exit);
        EXPECT_EQ(one[i].logits, many[i].logits);  // to the last bit
        left += a[i].exit == 0 ? 1 : 0;
    }
    EXPECT_GT(left, 0);
    EXPECT_LT(left, 9);
}

TEST(QuantNet, SumsThatCouldLeave32BitsAreRefused) {
    model::Model m = tiny_quantized(256);  // a mean of 65,536 values
    test::expect_error(ErrorKind::bad_data, {"exit1.pool", "65536", "32768"}, [&] { quant_net(m); });
}

}  // namespace
}  // namespace nachos::runtime
