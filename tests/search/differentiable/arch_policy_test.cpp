#include "search/differentiable/arch_policy.h"

#include "search/differentiable/multipliers.h"

#include <gtest/gtest.h>

#include <cmath>

namespace nachos::search {
namespace {

using torch::Tensor;

struct Task {
    arch::SearchSpace space = arch::make_space({}, {16, 1, 4});
    ArchPolicy policy{space, 1e5, 1e6, {}, core::Rng(1)};
};

TEST(ArchPolicy, SamplesAreOneHotToTheBitAndCarryAGradient) {
    const Task task;
    const nn::WeightBank weights = task.policy.bank().replica();
    core::Rng rng(2);
    const auto sample = task.policy.sample(weights, 3e5, {.temperature = 1, .noise = 1}, rng);
    ASSERT_EQ(sample.choices.size(), task.space.genes().size());
    Tensor sum = sample.gate_offsets.sum();
    for (std::size_t g = 0; g < sample.choices.size(); ++g) {
        const Tensor& choice = sample.choices[g];
        EXPECT_EQ(choice.max().item<float>(), 1);
        EXPECT_EQ(choice.sum().item<float>(), 1);
        EXPECT_EQ(choice.ne(0).sum().item<std::int64_t>(), 1);
        sum = sum + (choice * torch::arange(choice.size(0))).sum();
    }
    sum.backward();
    EXPECT_GT(weights.layers().at("outputs").weight.grad().abs().sum().item<double>(), 0);
}

TEST(ArchPolicy, SamplesFollowTheSoftmax) {
    Task task;
    {
        torch::NoGradGuard no_grad;
        const nn::LayerWeights& out = task.policy.bank().layers().at("outputs");
        Tensor(out.weight).zero_();
        Tensor(out.bias).zero_();
        out.bias.data_ptr<float>()[1] = std::log(3.0F);  // gene 0 is the stem's stride, two choices: 1/4 and 3/4
    }
    core::Rng rng(3);
    int second = 0;
    constexpr int kDraws = 4000;
    for (int i = 0; i < kDraws; ++i) second += task.policy.sample_genome(2e5, {.temperature = 1, .noise = 1}, rng)[0];
    EXPECT_NEAR(static_cast<double>(second) / kDraws, 0.75, 0.03);  // standard error 0.007
    EXPECT_EQ(task.policy.decode(2e5)[0], 1);
    const double own = -(0.25 * std::log(0.25) + 0.75 * std::log(0.75)) / std::log(2.0);
    int genes = 0;
    for (const arch::Gene& gene : task.space.genes()) genes += gene.choices.size() > 1 ? 1 : 0;
    EXPECT_NEAR(task.policy.entropy(2e5), (own + genes - 1) / genes, 1e-5);
}

TEST(ArchPolicy, KnowsTheBudgetUnlessToldNotTo) {
    const Task task;
    EXPECT_NE(task.policy.gate_offsets(1e5), task.policy.gate_offsets(9e5));
    const ArchPolicy one(task.space, 1e5, 1e6, {.conditioned = false}, core::Rng(1));
    EXPECT_EQ(one.gate_offsets(1e5), one.gate_offsets(9e5));
}

// By hand, rho = 2: g = 0.5 with lambda 0: (max(0, 1)^2 - 0) / 4 = 0.25. Below the limit and without a multiplier: 0.
TEST(Multipliers, PenaltyByHand) {
    Multipliers multipliers({100, 200, 400}, 2);
    EXPECT_FLOAT_EQ(multipliers.penalty(torch::tensor(0.5), 0).item<float>(), 0.25F);
    EXPECT_FLOAT_EQ(multipliers.penalty(torch::tensor(-0.5), 0).item<float>(), 0);
    EXPECT_EQ(multipliers.bucket(100), 0);
    EXPECT_EQ(multipliers.bucket(150), 1);  // 200 / 150 < 150 / 100
    EXPECT_EQ(multipliers.bucket(5000), 2);
}

// EMA(g) with decay 0.7: 0.3 * 0.5 = 0.15, lambda = 2 * 0.15; then 0.7 * 0.15 + 0.3 * -1 = -0.195, lambda = 0.3 - 0.39 < 0.
TEST(Multipliers, RiseAboveTheBudgetAndFallBelowIt) {
    Multipliers multipliers({100, 200}, 2);
    multipliers.update(1, 0.5);
    EXPECT_NEAR(multipliers.multiplier(1), 0.3, 1e-6);
    EXPECT_EQ(multipliers.multiplier(0), 0);
    core::TensorFile file;
    multipliers.save(file, "m.");
    multipliers.update(1, -1);
    EXPECT_EQ(multipliers.multiplier(1), 0);
    multipliers.load(file, "m.", "here");
    EXPECT_NEAR(multipliers.multiplier(1), 0.3, 1e-6);
}

}  // namespace
}  // namespace nachos::search
