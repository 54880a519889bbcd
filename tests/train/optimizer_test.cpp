#include "train/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>

namespace nachos::train {
namespace {

using torch::Tensor;

arch::Layer linear(int in, int out, bool bias) {
    arch::Layer layer;
    layer.name = "l";
    layer.kind = arch::LayerKind::linear;
    layer.in = {in, 1, 1};
    layer.out = {out, 1, 1};
    layer.bias = bias;
    return layer;
}

/// One linear layer (3 to 2, bias) under our optimizer, beside copies of its tensors for libtorch's.
struct Pair {
    nn::WeightBank bank{{linear(3, 2, true)}, core::Rng(1)};
    const nn::LayerWeights& ours = bank.layers().at("l");
    std::vector<nn::WeightBank> replicas{bank.replica()};
    Tensor weight = ours.weight.detach().clone().set_requires_grad(true);
    Tensor bias = ours.bias.detach().clone().set_requires_grad(true);

    /// The same loss of the same inputs, differentiated for both.
    void differentiate() const {
        const nn::LayerWeights& own = replicas[0].layers().at("l");
        const Tensor x = torch::randn({4, 3});
        torch::linear(x, own.weight, own.bias).square().sum().backward();
        torch::linear(x, weight, bias).square().sum().backward();
    }

    void expect_equal(int step) const {
        EXPECT_TRUE(torch::allclose(ours.weight, weight, 1e-5, 1e-6)) << "step " << step;
        EXPECT_TRUE(torch::allclose(ours.bias, bias, 1e-5, 1e-6)) << "step " << step;
    }
};

/// libtorch's optimizer over two groups, of which the weights alone decay.
template <class Theirs, class Options>
Theirs grouped(const Pair& pair, const Options& plain, double decay) {
    Options decaying = plain;
    decaying.weight_decay(decay);
    return Theirs({torch::optim::OptimizerParamGroup({pair.weight}, std::make_unique<Options>(decaying)),
                   torch::optim::OptimizerParamGroup({pair.bias}, std::make_unique<Options>(plain))},
                  plain);
}

TEST(LearningRate, WarmsUpThenFallsToZeroStepByStep) {
    OptimizerOptions o;
    o.epochs = 4;
    o.learning_rate = 1;
    o.warmup_epochs = 1;
    EXPECT_NEAR(learning_rate_at(o, 0, 9), 0.1, 1e-12);
    EXPECT_NEAR(learning_rate_at(o, 9, 9), 1, 1e-12);
    EXPECT_NEAR(learning_rate_at(o, 9 + 27 / 2, 9), 0.5 * (1 + std::cos(M_PI * 13 / 27)), 1e-12);
    EXPECT_GT(learning_rate_at(o, 35, 9), 0);
    EXPECT_LT(learning_rate_at(o, 35, 9), 0.01);
}

TEST(Optimizer, SgdStepsAsTorchDoes) {
    torch::manual_seed(1);
    Pair pair;
    auto theirs = grouped<torch::optim::SGD>(pair, torch::optim::SGDOptions(0.1).momentum(0.9).nesterov(true), 0.01);
    OptimizerOptions options;
    options.weight_decay = 0.01;
    options.gradient_clip = 0;
    Optimizer ours(pair.bank, options);
    for (int i = 0; i < 5; ++i) {
        theirs.zero_grad();
        pair.differentiate();
        ours.step(0.1, pair.replicas);
        theirs.step();
        pair.expect_equal(i);
    }
}

TEST(Optimizer, AdamWStepsAsTorchDoesAndReadsItselfBack) {
    torch::manual_seed(1);
    Pair pair;
    auto theirs =
        grouped<torch::optim::AdamW>(pair, torch::optim::AdamWOptions(0.1).betas({0.8, 0.999}).weight_decay(0), 0.01);
    OptimizerOptions options;
    options.optimizer = "adamw";
    options.momentum = 0.8;
    options.weight_decay = 0.01;
    options.gradient_clip = 0;
    Optimizer ours(pair.bank, options);
    for (int i = 0; i < 5; ++i) {
        theirs.zero_grad();
        pair.differentiate();
        if (i == 3) {
            core::TensorFile file;
            ours.save(file);
            ours = Optimizer(pair.bank, options);
            ours.load(file, "memory");
        }
        ours.step(0.1, pair.replicas);
        theirs.step();
        pair.expect_equal(i);
    }
}

TEST(Optimizer, ClipsTheNormOfTheWholeGradient) {
    nn::WeightBank bank({linear(2, 1, false)}, core::Rng(1));
    const Tensor before = bank.layers().at("l").weight.detach().clone();
    OptimizerOptions options;
    options.gradient_clip = 1;
    options.momentum = 0;
    options.weight_decay = 0;
    Optimizer sgd(bank, options);
    const std::vector<nn::WeightBank> replicas{bank.replica(), bank.replica()};
    (replicas[0].layers().at("l").weight * torch::tensor({{30.0, 0.0}})).sum().backward();
    (replicas[1].layers().at("l").weight * torch::tensor({{0.0, 40.0}})).sum().backward();
    EXPECT_NEAR(sgd.step(1, replicas), 25, 1e-4);  // of the mean
    EXPECT_TRUE(torch::allclose(before - bank.layers().at("l").weight, torch::tensor({{0.6, 0.8}})));
}

}  // namespace
}  // namespace nachos::train
