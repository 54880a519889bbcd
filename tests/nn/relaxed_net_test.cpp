#include "nn/relaxed_net.h"

#include "cost/cost_tables.h"

#include <gtest/gtest.h>

namespace nachos::nn {
namespace {

using arch::SearchSpace;
using torch::Tensor;

arch::SpaceOptions options_of(const char* space) {
    arch::SpaceOptions options;
    options.name = space;
    return options;
}

Tensor images(int n, const arch::TaskShape& task) {
    return torch::randn({n, task.resolution, task.resolution, task.channels}).permute({0, 3, 1, 2});
}

std::vector<Tensor> one_hot(const SearchSpace& space, const arch::Genome& genome) {
    std::vector<Tensor> choices;
    const auto add = [&](std::size_t size, int at) {
        choices.push_back(torch::zeros({static_cast<std::int64_t>(size)}));
        choices.back()[at] = 1;
    };
    for (std::size_t g = 0; g < genome.size(); ++g) add(space.genes()[g].choices.size(), genome[g]);
    const auto derived = cost::derived_choices(space, space.decode(genome));
    for (std::size_t s = 0; s < derived.size(); ++s)
        add(space.published_poolings(static_cast<int>(s) + 1).size(), derived[s]);
    return choices;
}

/// Batch norm with random scales and shifts, so that a channel that should be off is not 0 by chance.
void unsettle(WeightBank& bank) {
    torch::NoGradGuard no_grad;
    for_each_tensor(bank, [](const std::string& name, const Tensor& t) {
        if (!name.ends_with(".weight")) Tensor(t).add_(0.3 * torch::randn_like(t));
    });
}

void expect_the_networks_outputs(const SearchSpace& space, int networks) {
    torch::manual_seed(3);
    WeightBank bank(space.weight_layers(), core::Rng(5));
    unsettle(bank);
    const RelaxedNet relaxed(space, bank);
    core::Rng rng(6);
    const Tensor x = images(8, space.task());
    for (int i = 0; i < networks; ++i) {
        const arch::Genome genome = space.sample(rng);
        const arch::NetDesc net = space.build(space.decode(genome));
        const Outputs own = run(net, bank, x), all = relaxed.run(x, one_hot(space, genome));
        ASSERT_EQ(all.logits.size(), static_cast<std::size_t>(space.stages()));
        for (std::size_t e = 0; e < own.logits.size(); ++e) {
            const auto at = static_cast<std::size_t>(net.exits[e].site) - 1;
            EXPECT_LT((own.logits[e] - all.logits[at]).abs().max().item<double>(), 2e-3)
                << "exit " << e << " of " << to_json(space.decode(genome));
            if (!own.gates[e].defined()) continue;
            EXPECT_LT((own.gates[e] - all.gates[at]).abs().max().item<double>(), 2e-3);
        }
    }
}

TEST(RelaxedNet, IsTheChosenNetworkInEverySpace) {
    for (const arch::SpaceRow& row : arch::spaces())
        expect_the_networks_outputs(arch::make_space(options_of(row.name), {16, 3, 5}), 12);
}

TEST(RelaxedNet, IsTheChosenNetworkWhereBlocksMayNotExpand) {
    arch::SpaceOptions options = options_of("mbv3-small");
    options.expand = {1, 3};
    expect_the_networks_outputs(arch::make_space(options, {16, 1, 5}), 12);
}

/// A small space in double precision, through the paths that know any layout.
struct DoubleTask {
    SearchSpace space = make();
    WeightBank bank{space.weight_layers(), core::Rng(5)};
    Tensor x = torch::randn({6, 1, 8, 8}, torch::kDouble);

    static SearchSpace make() {
        arch::SpaceOptions options = options_of("mbv3-small");
        options.depth = {{1}, {1, 2}, {1}, {1}};
        options.width = {{8, 16}, {16}, {16, 24}, {16, 24}};
        return arch::make_space(options, {8, 1, 3});
    }

    DoubleTask() {
        torch::NoGradGuard no_grad;
        for_each_tensor(bank, [](const std::string&, const Tensor& t) { Tensor(t).set_data(t.to(torch::kDouble)); });
    }

    double value(const std::vector<Tensor>& choices) const {
        torch::NoGradGuard no_grad;
        return total(choices).item<double>();
    }

    /// A number that all outputs have a part in.
    Tensor total(const std::vector<Tensor>& choices) const {
        const Outputs outputs = RelaxedNet(space, bank).run(x, choices);
        Tensor sum = torch::zeros({}, torch::kDouble);
        for (std::size_t e = 0; e < outputs.logits.size(); ++e) {
            sum = sum + outputs.logits[e].square().mean();
            if (outputs.gates[e].defined()) sum = sum + outputs.gates[e].mean();
        }
        return sum;
    }
};

TEST(RelaxedNet, GradientBetweenNetworksIsThatOfItsOutputs) {
    torch::manual_seed(4);
    const DoubleTask task;
    std::vector<Tensor> choices;
    for (const arch::Gene& gene : task.space.genes())
        choices.push_back(torch::softmax(torch::randn({static_cast<std::int64_t>(gene.choices.size())}, torch::kDouble), 0)
                              .set_requires_grad(true));
    task.total(choices).backward();
    constexpr double kStep = 1e-5;
    for (std::size_t g = 0; g < choices.size(); ++g) {
        if (choices[g].size(0) == 1) continue;
        for (std::int64_t c = 0; c < choices[g].size(0); ++c) {
            std::vector<Tensor> up = choices, down = choices;
            up[g] = choices[g].detach().clone();
            down[g] = up[g].clone();
            up[g][c] += kStep;
            down[g][c] -= kStep;
            const double slope = (task.value(up) - task.value(down)) / (2 * kStep);
            const double gradient = choices[g].grad().defined() ? choices[g].grad()[c].item<double>() : 0;
            EXPECT_NEAR(gradient, slope, 1e-4 * (1 + std::abs(slope))) << task.space.genes()[g].name << " choice " << c;
        }
    }
}

// What has the weight 0 is computed without gradient, and the gradient of the weight is still right.
TEST(RelaxedNet, GradientAtANetworkCountsWhatWasNotChosen) {
    torch::manual_seed(5);
    const DoubleTask task;
    core::Rng rng(9);
    arch::Genome genome = task.space.sample(rng);
    for (const auto& [kind, value] : {std::pair{arch::GeneRef::Kind::exit_placed, 1}, {arch::GeneRef::Kind::exit_convs, 1}})
        for (int s = 0; s < task.space.sites(); ++s)
            genome[static_cast<std::size_t>(task.space.gene_index({kind, s, 0}))] = value;
    std::vector<Tensor> choices;
    for (const Tensor& t : one_hot(task.space, genome)) choices.push_back(t.to(torch::kDouble).set_requires_grad(true));
    task.total(choices).backward();
    constexpr double kStep = 1e-5;
    for (const auto& [kind, stage] : {std::pair{arch::GeneRef::Kind::stem_stride, 0},
                                      {arch::GeneRef::Kind::exit_convs, 1},
                                      {arch::GeneRef::Kind::exit_pool, 1},
                                      {arch::GeneRef::Kind::exit_convs, 2}}) {
        const auto g = static_cast<std::size_t>(task.space.gene_index({kind, stage, 0}));
        for (std::int64_t c = 0; c < choices[g].size(0); ++c) {
            std::vector<Tensor> up = choices, down = choices;
            up[g] = choices[g].detach().clone();
            down[g] = up[g].clone();
            up[g][c] += kStep;
            down[g][c] -= kStep;
            const double slope = (task.value(up) - task.value(down)) / (2 * kStep);
            EXPECT_NEAR(choices[g].grad()[c].item<double>(), slope, 1e-4 * (1 + std::abs(slope)))
                << task.space.genes()[g].name << " choice " << c;
        }
    }
}

}  // namespace
}  // namespace nachos::nn
