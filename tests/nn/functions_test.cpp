#include "nn/functions.h"

#include "nn/storage.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace nachos::nn {
namespace {

using arch::Activation;
using torch::Tensor;

Tensor channels_last(std::vector<std::int64_t> shape) {
    return torch::randn(shape).contiguous(at::MemoryFormat::ChannelsLast);
}

Tensor reference_act(const Tensor& x, Activation act) {
    if (act == Activation::none) return x;
    return act == Activation::relu ? torch::relu(x) : torch::hardswish(x);
}

struct Gradients {
    Tensor y, x, scale, shift;
};

template <class F>
Gradients gradients(const F& f, const Tensor& x0, const Tensor& scale0, const Tensor& shift0, const Tensor& dy) {
    const Tensor x = x0.clone().set_requires_grad(true), scale = scale0.clone().set_requires_grad(true),
                 shift = shift0.clone().set_requires_grad(true);
    const Tensor y = f(x, scale, shift);
    y.backward(dy);
    return {y.detach(), x.grad(), scale.grad(), shift.grad()};
}

double gap(const Tensor& a, const Tensor& b) {
    return ((a.to(torch::kDouble) - b.to(torch::kDouble)).abs().max() / (b.to(torch::kDouble).abs().max() + 1e-12))
        .item<double>();
}

// Against libtorch in double precision, for channel counts with and without whole tiles, a mean far from zero included.
TEST(BatchNormAct, EqualsTorchInValueAndGradients) {
    torch::manual_seed(1);
    for (const std::int64_t c : {8, 16, 24, 72, 200}) {
        for (const Activation act : {Activation::none, Activation::relu, Activation::hard_swish}) {
            const Tensor x = channels_last({5, c, 7, 9}) * 2 + 30 * torch::rand({1, c, 1, 1});
            const Tensor scale = torch::rand({c}) + 0.5, shift = torch::randn({c});
            const Tensor dy = channels_last({5, c, 7, 9});
            const auto ours = gradients(
                [&](const Tensor& a, const Tensor& s, const Tensor& b) { return batch_norm_act(a, s, b, act, 1e-5); }, x,
                scale, shift, dy);
            const auto theirs = gradients(
                [&](const Tensor& a, const Tensor& s, const Tensor& b) {
                    return reference_act(torch::batch_norm(a, s, b, {}, {}, true, 0.1, 1e-5, false), act);
                },
                x.to(torch::kDouble), scale.to(torch::kDouble), shift.to(torch::kDouble), dy.to(torch::kDouble));
            EXPECT_LT(gap(ours.y, theirs.y), 2e-5) << c;
            EXPECT_LT(gap(ours.x, theirs.x), 2e-4) << c;
            EXPECT_LT(gap(ours.scale, theirs.scale), 2e-4) << c;
            EXPECT_LT(gap(ours.shift, theirs.shift), 2e-4) << c;
        }
    }
}

TEST(BatchNormAct, ReportsTheBatchsMeanAndBiasedVariance) {
    const Tensor x = channels_last({6, 16, 5, 5}) + 100;
    BatchStats stats;
    batch_norm_act(x, torch::ones({16}), torch::zeros({16}), Activation::none, 1e-5, &stats);
    const Tensor wide = x.to(torch::kDouble);
    EXPECT_LT(gap(stats.mean, wide.mean({0, 2, 3})), 1e-6);
    EXPECT_LT(gap(stats.variance, wide.var({0, 2, 3}, false)), 1e-4);
}

TEST(BatchNormAct, ResultsDoNotDependOnTheNumberOfThreads) {
    const Tensor x = channels_last({40, 24, 14, 14}), dy = channels_last({40, 24, 14, 14});
    const Tensor ones = torch::ones({24}), zeros = torch::zeros({24});
    const auto f = [&](const Tensor& a, const Tensor& s, const Tensor& b) {
        return batch_norm_act(a, s, b, Activation::hard_swish, 1e-5);
    };
    const int threads = at::get_num_threads();
    at::set_num_threads(1);
    const auto one = gradients(f, x, ones, zeros, dy);
    at::set_num_threads(3);
    const auto three = gradients(f, x, ones, zeros, dy);
    at::set_num_threads(threads);
    EXPECT_TRUE(torch::equal(one.x, three.x));
    EXPECT_TRUE(torch::equal(one.scale, three.scale));
    EXPECT_TRUE(torch::equal(one.y, three.y));
}

TEST(DepthwiseConv, EqualsTorchInValueAndGradients) {
    torch::manual_seed(2);
    for (const std::int64_t c : {8, 16, 24, 40}) {
        for (const std::int64_t k : {3, 5, 7}) {
            for (const int stride : {1, 2}) {
                for (const std::int64_t side : {2, 4, 7, 14}) {  // maps smaller than the kernel included
                    const Tensor x = channels_last({3, c, side, side}).set_requires_grad(true);
                    const Tensor w = torch::randn({c, 1, k, k}).set_requires_grad(true);
                    const Tensor y = depthwise_conv(x, w, stride);
                    const Tensor dy = torch::randn_like(y);
                    y.backward(dy);
                    const Tensor xd = x.detach().to(torch::kDouble).set_requires_grad(true);
                    const Tensor wd = w.detach().to(torch::kDouble).set_requires_grad(true);
                    const Tensor yd = torch::conv2d(xd, wd, {}, stride, k / 2, 1, c);
                    yd.backward(dy.to(torch::kDouble));
                    EXPECT_LT(gap(y, yd), 1e-5);
                    EXPECT_LT(gap(x.grad(), xd.grad()), 1e-5);
                    EXPECT_LT(gap(w.grad(), wd.grad()), 1e-5) << c << " " << k << " " << stride << " " << side;
                }
            }
        }
    }
}

TEST(DepthwiseConv, ResultsDoNotDependOnTheNumberOfThreads) {
    const Tensor x0 = channels_last({40, 24, 9, 9}), w0 = torch::randn({24, 1, 3, 3}), dy = channels_last({40, 24, 5, 5});
    const auto gradients_with = [&](int threads) {
        const int before = at::get_num_threads();
        at::set_num_threads(threads);
        const Tensor x = x0.clone().set_requires_grad(true), w = w0.clone().set_requires_grad(true);
        depthwise_conv(x, w, 2).backward(dy);
        at::set_num_threads(before);
        return std::pair(x.grad(), w.grad());
    };
    const auto one = gradients_with(1), three = gradients_with(3);
    EXPECT_TRUE(torch::equal(one.first, three.first));
    EXPECT_TRUE(torch::equal(one.second, three.second));
}

// Against libtorch in double precision, of whole and odd channel counts, and maps of one place.
TEST(ScaleChannels, EqualsTorchInValueAndGradientsInBothNumberTypes) {
    torch::manual_seed(4);
    for (const auto type : {torch::kFloat, torch::kBFloat16}) {
        const double rounding = type == torch::kFloat ? 1e-5 : 1e-2;
        for (const std::int64_t c : {8, 24, 72, 5}) {
            for (const std::int64_t side : {1, 4, 9}) {
                const Tensor x = channels_last({3, c, side, side}).to(type).set_requires_grad(true);
                const Tensor s = torch::rand({3, c}).set_requires_grad(true);
                const Tensor dy = channels_last({3, c, side, side}).to(type);
                const Tensor y = scale_channels(x, s);
                y.backward(dy);
                const Tensor xd = x.detach().to(torch::kDouble).set_requires_grad(true);
                const Tensor sd = s.detach().to(torch::kDouble).set_requires_grad(true);
                const Tensor yd = xd * sd.unsqueeze(2).unsqueeze(3);
                yd.backward(dy.to(torch::kDouble));
                EXPECT_EQ(y.scalar_type(), type);
                EXPECT_LT(gap(y, yd), rounding) << c << " " << side;
                EXPECT_LT(gap(x.grad(), xd.grad()), rounding) << c << " " << side;
                EXPECT_LT(gap(s.grad(), sd.grad()), 1e-5) << c << " " << side;
            }
        }
    }
}

// Bit for bit what libtorch's own type does: to the nearest, ties to even, infinities and signed zeros.
TEST(BFloat16, RoundsAsLibtorchDoes) {
    torch::manual_seed(3);
    Tensor values = torch::randn({1 << 14}) * torch::exp2(torch::randint(-40, 40, {1 << 14}));
    values[0] = std::numeric_limits<float>::infinity();
    values[1] = -0.0F;
    values[2] = 1.0F + 1.0F / 256;  // half way, to an even number below
    values[3] = 1.0F + 3.0F / 256;  // half way, to an even number above
    const Tensor narrow = values.to(torch::kBFloat16);
    const auto* theirs = static_cast<const std::uint16_t*>(narrow.data_ptr());
    const float* v = values.data_ptr<float>();
    for (int i = 0; i < values.numel(); ++i) {
        kernels::BFloat16 ours{};
        kernels::assign(ours, v[i]);
        ASSERT_EQ(ours.bits, theirs[i]) << v[i];
    }
    for (int i = 0; i < 64; i += 16) {
        kernels::BFloat16 ours[16];
        kernels::Stored<16>::store(ours, kernels::Stored<16>::load(v + i));
        for (int l = 0; l < 16; ++l) ASSERT_EQ(ours[l].bits, theirs[i + l]) << v[i + l];
    }
}

/// f(map, vectors...) with maps in bfloat16 against the same in double from the same rounded map: value and gradients, as
/// shares of the largest. One rounding is at most 1 / 256; `roundings` is how many follow one another.
template <class F, class G>
void expect_near_double(const F& ours, const G& theirs, const Tensor& map, const Tensor& weight, int roundings,
                        const std::string& what) {
    const Tensor x = map.to(torch::kBFloat16).set_requires_grad(true), w = weight.clone().set_requires_grad(true);
    const Tensor xd = x.detach().to(torch::kDouble).set_requires_grad(true),
                 wd = weight.to(torch::kDouble).set_requires_grad(true);
    const Tensor y = ours(x, w), yd = theirs(xd, wd);
    const Tensor dy = torch::randn(y.sizes()).to(y.scalar_type());
    y.backward(y.dim() == 4 ? dy.contiguous(at::MemoryFormat::ChannelsLast) : dy);
    yd.backward(dy.to(torch::kDouble));
    EXPECT_EQ(x.grad().scalar_type(), torch::kBFloat16) << what;
    EXPECT_LT(gap(y, yd), roundings / 256.0) << what;
    EXPECT_LT(gap(x.grad(), xd.grad()), roundings / 256.0) << what;
    if (!w.grad().defined()) return;
    EXPECT_EQ(w.grad().scalar_type(), torch::kFloat) << what;
    EXPECT_LT(gap(w.grad(), wd.grad()), roundings / 256.0) << what;
}

TEST(BFloat16, LayersAreNearDoublePrecision) {
    torch::manual_seed(4);
    for (const std::int64_t c : {8, 24, 40, 64}) {
        const Tensor map = channels_last({20, c, 7, 7});
        for (const std::int64_t k : {3, 5}) {
            for (const int stride : {1, 2}) {
                expect_near_double(
                    [&](const Tensor& x, const Tensor& w) { return depthwise_conv(x, w, stride); },
                    [&](const Tensor& x, const Tensor& w) { return torch::conv2d(x, w, {}, stride, k / 2, 1, c); }, map,
                    torch::randn({c, 1, k, k}), 1, fmt::format("depthwise {} {} {}", c, k, stride));
            }
        }
        for (const std::int64_t out : {8, 16, 72}) {  // weights are rounded as well
            expect_near_double([](const Tensor& x, const Tensor& w) { return conv(x, w, {}, {}); },
                               [](const Tensor& x, const Tensor& w) { return torch::conv2d(x, w); }, map,
                               torch::randn({out, c, 1, 1}), 2, fmt::format("pointwise {} {}", c, out));
        }
        expect_near_double(
            [](const Tensor& x, const Tensor& w) {
                return conv(x, w, {}, {2, 1});
            },
            [](const Tensor& x, const Tensor& w) { return torch::conv2d(x, w, {}, 2, 1); }, map, torch::randn({16, c, 3, 3}),
            2, fmt::format("dense {}", c));
        for (const Activation act : {Activation::none, Activation::relu, Activation::hard_swish}) {
            expect_near_double(
                [&](const Tensor& x, const Tensor& w) { return batch_norm_act(x, w, torch::zeros({c}), act, 1e-5); },
                [&](const Tensor& x, const Tensor& w) {
                    const Tensor zeros = torch::zeros({c}, torch::kDouble);
                    return reference_act(torch::batch_norm(x, w, zeros, {}, {}, true, 0.1, 1e-5, false), act);
                },
                map * 2 + 1, torch::rand({c}) + 0.5, 1, fmt::format("batch norm {}", c));
        }
        expect_near_double([](const Tensor& x, const Tensor&) { return global_average_pool(x); },
                           [](const Tensor& x, const Tensor&) {
                               return x.mean({2, 3});
                           },
                           map, torch::ones({1}), 1, "pool");
    }
}

}  // namespace
}  // namespace nachos::nn
