#include "search/differentiable/learner.h"

#include "core/error.h"
#include "core/temp_folder.h"
#include "cost/cost.h"
#include "data/parts.h"
#include "search/differentiable/decode.h"
#include "train/tensors.h"
#include "train/trainer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace nachos::search {
namespace {

/// A tiny task and budgets over a factor of four.
struct Task {
    data::Parts parts = data::split(data::load({.path = "synthetic:600"}), {}, 1);
    data::Normalisation norm = data::normalisation_of(parts.train);
    arch::SearchSpace space = make();
    int classes = static_cast<int>(parts.class_names.size());
    LearnerImages images = divide(parts.train.examples(), classes, 0.3, core::Rng(2));
    std::vector<double> budgets = budget_grid();
    DifferentiableOptions options{.warmup = 0.25, .every = 1, .batch_size = 64, .learning_rate = 0.02};

    arch::SearchSpace make() const {
        arch::SpaceOptions o;
        o.stem_stride = {2};
        o.depth = {{1}, {1}, {1, 2}, {1, 2}};
        o.width = {{8}, {8, 16}, {16, 32}, {16, 48}};
        const data::Examples& e = parts.train.examples();
        return arch::make_space(o, {e.height, e.channels, static_cast<int>(parts.class_names.size())});
    }

    std::vector<double> budget_grid() const {
        const double most = static_cast<double>(cost::costs_of(space.build(space.largest())).worst_macs()) / 2;
        std::vector<double> grid;
        for (int i = 0; i < 6; ++i) grid.push_back(most / std::pow(4, 1 - i / 5.0));
        return grid;
    }

    LearnerInput input(const nn::WeightBank& bank) const {
        return {.space = space,
                .bank = bank,
                .images = images.architectures,
                .normalisation = norm,
                .loss = {},
                .budgets = budgets,
                .rng = core::Rng(7),
                .device = torch::kCPU};
    }

    void train(nn::WeightBank& bank, Learner& learner, int epochs, const std::filesystem::path& checkpoint = {},
               const std::function<bool()>& should_stop = {}) const {
        train::SupernetOptions o;
        o.optimizer.epochs = epochs;
        o.optimizer.batch_size = 32;
        o.optimizer.learning_rate = 0.1;
        o.random_subnets = 1;
        train::train_supernet(bank, space, o,
                              {.examples = images.weights,
                               .normalisation = norm,
                               .augment = {.pad_crop = 0, .flip = false, .cutout = 0},
                               .loss = {},
                               .rng = core::Rng(3),
                               .device = torch::kCPU,
                               .checkpoint = checkpoint,
                               .progress = {},
                               .should_stop = should_stop,
                               .phase = "test"},
                              &learner);
    }

    nn::WeightBank bank() const { return {space.weight_layers(), core::Rng(4)}; }
};

TEST(Divide, SharesOutEachClassAndNothingTwice) {
    const Task task;
    EXPECT_EQ(task.images.weights.size() + task.images.architectures.size(), task.parts.train.examples().size());
    EXPECT_NEAR(
        static_cast<double>(task.images.architectures.size()) / static_cast<double>(task.parts.train.examples().size()), 0.3,
        0.02);
}

TEST(Divide, LeavesWeightsAnImageOfEachClass) {
    const data::Examples few{
        .height = 1, .width = 1, .channels = 1, .pixels = std::vector<std::uint8_t>(6), .labels = {0, 0, 0, 2, 2, 3}};
    const LearnerImages images = divide(few, 4, 0.9, core::Rng(1));  // of class 1 there is none
    std::vector<std::int32_t> labels = images.weights.labels;
    std::sort(labels.begin(), labels.end());
    EXPECT_EQ(labels, (std::vector<std::int32_t>{0, 2, 3}));
    EXPECT_EQ(images.architectures.size(), 3U);
}

/// E[cost] of the most probable architecture at a budget, on the images that architectures learnt from.
double expected_macs(const Task& task, const nn::WeightBank& bank, const ArchPolicy& policy, double budget) {
    const nn::RelaxedNet relaxed(task.space, bank);
    const CostModel costs(cost::cost_tables(task.space));
    const Multipliers multipliers(task.budgets, 1);
    const torch::Tensor none;
    core::Rng unused(0);
    const auto sample = policy.sample(policy.bank(), budget, {.temperature = 1, .noise = 0}, unused);
    const auto images = train::prepare(task.images.architectures, task.norm, 64, torch::kCPU);
    const auto labels = torch::tensor(images.labels, torch::kLong);
    double sum = 0;
    for (std::size_t i = 0; i < images.batches.size(); ++i) {
        const auto y = labels.narrow(0, 64 * static_cast<std::int64_t>(i), images.batches[i].size(0));
        const ArchLossContext context{task.space, costs, multipliers, {}, none};
        sum += arch_loss(context, sample, budget, relaxed.run(images.batches[i], sample.choices), y).constraint;
    }
    return budget * (1 + sum / static_cast<double>(images.batches.size()));
}

// On weights that stand still, so that many steps of the architectures alone decide.
TEST(Learner, SpendsLessAtLowerBudgetsAndKeepsThem) {
    const Task task;
    nn::WeightBank bank = task.bank();
    {
        Learner waits(task.input(bank), {.warmup = 0.99, .every = 1000});
        task.train(bank, waits, 4);
    }
    Learner learner(task.input(bank), {.warmup = 0, .every = 1, .batch_size = 32, .learning_rate = 0.01});
    train::ShardPool pool(2, 2);
    train::Shards shards{.all = 2, .first = 0, .count = 2, .pool = pool};
    constexpr int kSteps = 240;
    for (int i = 0; i < kSteps; ++i) learner.after_step({i, kSteps}, shards);
    const auto at = [&](double budget) { return expected_macs(task, bank, learner.policy(), budget); };
    EXPECT_LT(at(task.budgets.front()), at(task.budgets.back()));
    // What is held to the budgets is the mean over sampled architectures; a single most probable one may be above its own.
    double shares = 0;
    for (const double budget : task.budgets) shares += at(budget) / budget;
    EXPECT_LT(shares / static_cast<double>(task.budgets.size()), 1);
    ASSERT_FALSE(learner.trace().empty());
    EXPECT_LT(learner.trace().back().entropy, 0.8 * learner.trace().front().entropy);
}

TEST(Learner, StoppedAndGoneOnIsTheSameAsUninterrupted) {
    const Task task;
    const test::TempFolder folder;
    const auto file = folder.path() / "supernet.safetensors";
    nn::WeightBank whole = task.bank();
    Learner uninterrupted(task.input(whole), task.options);
    task.train(whole, uninterrupted, 3);
    nn::WeightBank bank = task.bank();
    {
        Learner learner(task.input(bank), task.options);
        int epochs = 0;
        EXPECT_THROW(task.train(bank, learner, 3, file, [&] { return ++epochs == 2; }), Error);
    }
    nn::WeightBank resumed = task.bank();
    Learner learner(task.input(resumed), task.options);
    task.train(resumed, learner, 3, file);
    nn::for_each_tensor(uninterrupted.policy().bank(), [&](const std::string& name, const torch::Tensor& t) {
        nn::for_each_tensor(learner.policy().bank(), [&](const std::string& other, const torch::Tensor& u) {
            EXPECT_TRUE(name != other || torch::equal(t, u)) << name;
        });
    });
    for (int b = 0; b < learner.multipliers().size(); ++b)
        EXPECT_EQ(learner.multipliers().multiplier(b), uninterrupted.multipliers().multiplier(b));
    for (const auto& [name, w] : whole.layers())
        EXPECT_TRUE(torch::equal(w.weight, resumed.layers().at(name).weight)) << name;
    const Decoded decoded = decode(task.space, task.budgets, task.options, file, 5, core::Rng(1));
    ASSERT_EQ(decoded.designs.size(), task.budgets.size());
    EXPECT_EQ(decoded.samples.size(), 5U);
    ASSERT_EQ(learner.designs().size(), task.budgets.size());
    for (std::size_t b = 0; b < task.budgets.size(); ++b) {
        EXPECT_EQ(decoded.designs[b].arch, uninterrupted.designs()[b].arch);
        for (std::size_t s = 0; s < decoded.designs[b].gate_offsets.size(); ++s)
            EXPECT_FLOAT_EQ(decoded.designs[b].gate_offsets[s], uninterrupted.designs()[b].gate_offsets[s]);
    }
}

TEST(Learner, LeavesTheWeightsWithoutGradient) {
    const Task task;
    nn::WeightBank bank = task.bank();
    const nn::RelaxedNet relaxed(task.space, bank);
    ArchPolicy policy(task.space, task.budgets.front(), task.budgets.back(), task.options, core::Rng(1));
    core::Rng rng(2);
    const auto sample = policy.sample(policy.bank(), task.budgets[3], {}, rng);
    const auto x = torch::randn({4, task.space.task().resolution, task.space.task().resolution, task.space.task().channels})
                       .permute({0, 3, 1, 2});
    relaxed.run(x, sample.choices).logits.back().sum().backward();
    nn::for_each_tensor(bank,
                        [](const std::string& name, const torch::Tensor& t) { EXPECT_FALSE(t.grad().defined()) << name; });
}

}  // namespace
}  // namespace nachos::search
