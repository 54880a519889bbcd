#include "nn/functions.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

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
        for (const std::int64_t k : {5, 7}) {
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

}  // namespace
}  // namespace nachos::nn
