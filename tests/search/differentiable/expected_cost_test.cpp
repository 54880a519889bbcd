#include "search/differentiable/expected_cost.h"

#include "train/exit_probabilities.h"

#include <gtest/gtest.h>

#include <cmath>

namespace nachos::search {
namespace {

using torch::Tensor;

std::vector<Tensor> one_hot(const cost::CostTables& tables, const std::vector<int>& choice) {
    std::vector<Tensor> all;
    for (std::size_t g = 0; g < choice.size(); ++g) {
        all.push_back(torch::zeros({tables.choices[g]}));
        all.back()[choice[g]] = 1;
    }
    return all;
}

TEST(CostModel, IsTheIntegerCostModelAtEveryNetworkTried) {
    for (const arch::SpaceRow& row : arch::spaces()) {
        arch::SpaceOptions options;
        options.name = row.name;
        const arch::SearchSpace space = arch::make_space(options, {});
        const cost::CostTables tables = cost::cost_tables(space);
        const CostModel model(tables);
        core::Rng rng(3);
        for (int i = 0; i < 50; ++i) {
            const arch::Genome genome = space.sample(rng);
            std::vector<int> choice = genome;
            for (const int d : cost::derived_choices(space, space.decode(genome))) choice.push_back(d);
            const Tensor macs = model.executed_macs(one_hot(tables, choice));
            const auto exact = tables.executed_macs(choice);
            for (std::size_t s = 0; s < exact.size(); ++s)
                ASSERT_EQ(macs[static_cast<std::int64_t>(s)].item<double>(), static_cast<double>(exact[s]));
        }
    }
}

TEST(CostModel, GradientInsideIsTheFiniteDifference) {
    torch::manual_seed(1);
    const arch::SearchSpace space = arch::make_space({}, {});
    const cost::CostTables tables = cost::cost_tables(space);
    const CostModel model(tables);
    std::vector<Tensor> choices;
    for (const int size : tables.choices)
        choices.push_back(torch::softmax(torch::randn({size}, torch::kDouble), 0).set_requires_grad(true));
    const auto value = [&](const std::vector<Tensor>& at) { return model.executed_macs(at).sum(); };
    value(choices).backward();
    for (std::size_t g = 0; g < choices.size(); ++g) {
        if (choices[g].size(0) == 1) continue;
        for (std::int64_t c = 0; c < choices[g].size(0); ++c) {
            std::vector<Tensor> up = choices, down = choices;
            up[g] = choices[g].detach().clone();
            down[g] = up[g].clone();
            up[g][c] += 0.01;  // multilinear: any step is exact
            down[g][c] -= 0.01;
            const double slope = (value(up) - value(down)).item<double>() / 0.02;
            const double gradient = choices[g].grad().defined() ? choices[g].grad()[c].item<double>() : 0;
            EXPECT_NEAR(gradient, slope, 1e-6 * (1 + std::abs(slope))) << space.genes()[g].name;
        }
    }
}

TEST(PlacedExitProbabilities, WithAllExitsPlacedTheyAreStickBreaking) {
    torch::manual_seed(2);
    const std::vector<Tensor> gates{torch::randn({5}), torch::randn({5}), Tensor()};
    const Tensor one = torch::ones({});
    const Tensor p = placed_exit_probabilities(gates, torch::zeros({2}), {one, one});
    EXPECT_TRUE(torch::allclose(p, train::exit_probabilities(gates), 1e-5, 1e-6));
}

// By hand: c = (1/2, 3/4), the first exit not placed: p = (0, 3/4, 1/4). An offset of log 3 makes 1/2 into 3/4.
TEST(PlacedExitProbabilities, ByHand) {
    const double log3 = std::log(3.0);
    const std::vector<Tensor> gates{torch::zeros({1}), torch::zeros({1}), Tensor()};
    const Tensor p = placed_exit_probabilities(gates, torch::tensor({0.0, log3}), {torch::zeros({}), torch::ones({})});
    EXPECT_TRUE(torch::allclose(p[0].to(torch::kFloat), torch::tensor({0.F, 0.75F, 0.25F})));
}

TEST(PlacedExitProbabilities, GradientOfTheExpectedCost) {
    torch::manual_seed(3);
    const auto wide = torch::TensorOptions().dtype(torch::kDouble);
    const Tensor offsets = torch::randn({2}, wide).set_requires_grad(true),
                 placed = torch::rand({2}, wide).set_requires_grad(true);
    const std::vector<Tensor> gates{torch::randn({4}, wide), torch::randn({4}, wide), Tensor()};
    const Tensor cost = torch::tensor({1.0, 3.0, 7.0}, wide);
    const auto expected = [&](const Tensor& o, const Tensor& a) {
        return placed_exit_probabilities(gates, o, {a[0], a[1]}).mv(cost).mean();
    };
    expected(offsets, placed).backward();
    constexpr double kStep = 1e-6;
    for (int i = 0; i < 2; ++i) {
        Tensor step = torch::zeros({2}, wide);
        step[i] = kStep;
        const Tensor o = offsets.detach(), a = placed.detach();
        const double by_offset = (expected(o + step, a) - expected(o - step, a)).item<double>() / (2 * kStep);
        const double by_place = (expected(o, a + step) - expected(o, a - step)).item<double>() / (2 * kStep);
        EXPECT_NEAR(offsets.grad()[i].item<double>(), by_offset, 1e-6);
        EXPECT_NEAR(placed.grad()[i].item<double>(), by_place, 1e-6);
    }
}

}  // namespace
}  // namespace nachos::search
