#include "train/trainer.h"

#include "core/error.h"
#include "data/dataset.h"
#include "train/evaluate.h"
#include "train/optimizer.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace nachos::train {
namespace {

using torch::Tensor;

/// A tiny task: synthetic images, a narrow space.
struct Task {
    data::Parts parts = data::split(data::load({.path = "synthetic:400"}), {}, 1);
    data::Normalisation norm = data::normalisation_of(parts.train);
    arch::SearchSpace space = make();

    arch::SearchSpace make() const {
        arch::SpaceOptions options;
        options.stem_stride = {2};
        options.depth = {{1}, {1}, {1}, {1}};
        options.width = {{8}, {8, 16}, {16}, {16}};
        const data::Examples& e = parts.train.examples();
        return arch::make_space(options, {e.height, e.channels, static_cast<int>(parts.class_names.size())});
    }

    TrainingInput input(const std::filesystem::path& checkpoint = {}) const {
        return {.examples = parts.train.examples(),
                .normalisation = norm,
                .augment = {.pad_crop = 0, .flip = false, .cutout = 0},
                .loss = {},
                .rng = core::Rng(3),
                .device = torch::kCPU,
                .checkpoint = checkpoint,
                .progress = {},
                .should_stop = {},
                .phase = "test"};
    }

    SupernetOptions options(int epochs) const {
        SupernetOptions o;
        o.optimizer.epochs = epochs;
        o.optimizer.batch_size = 32;
        o.optimizer.learning_rate = 0.1;
        o.random_subnets = 1;
        return o;
    }

    nn::WeightBank bank() const { return {space.weight_layers(), core::Rng(4)}; }
};

bool same(const nn::WeightBank& a, const nn::WeightBank& b) {
    bool equal = true;
    for (const auto& [name, w] : a.layers()) equal = equal && torch::equal(w.weight, b.layers().at(name).weight);
    return equal;
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

TEST(Sgd, StepsAsTorchDoes) {
    torch::manual_seed(1);
    arch::Layer layer;
    layer.name = "l";
    layer.kind = arch::LayerKind::linear;
    layer.in = {3, 1, 1};
    layer.out = {2, 1, 1};
    layer.bias = true;
    nn::WeightBank bank({layer}, core::Rng(1));
    const nn::LayerWeights& w = bank.layers().at("l");
    Tensor weight = w.weight.detach().clone().set_requires_grad(true),
           bias = w.bias.detach().clone().set_requires_grad(true);
    torch::optim::SGD theirs(
        {torch::optim::OptimizerParamGroup(
             {weight}, std::make_unique<torch::optim::SGDOptions>(
                           torch::optim::SGDOptions(0.1).momentum(0.9).nesterov(true).weight_decay(0.01))),
         torch::optim::OptimizerParamGroup({bias}, std::make_unique<torch::optim::SGDOptions>(
                                                       torch::optim::SGDOptions(0.1).momentum(0.9).nesterov(true)))},
        torch::optim::SGDOptions(0.1).momentum(0.9).nesterov(true));
    OptimizerOptions options;
    options.weight_decay = 0.01;
    options.gradient_clip = 0;
    Optimizer ours(bank, options);
    const std::vector<nn::WeightBank> replicas{bank.replica()};
    const nn::LayerWeights& own = replicas[0].layers().at("l");
    for (int i = 0; i < 5; ++i) {
        const Tensor x = torch::randn({4, 3});
        theirs.zero_grad();
        torch::linear(x, own.weight, own.bias).square().sum().backward();
        torch::linear(x, weight, bias).square().sum().backward();
        ours.step(0.1, replicas);
        theirs.step();
        EXPECT_TRUE(torch::allclose(w.weight, weight, 1e-5, 1e-6));
        EXPECT_TRUE(torch::allclose(w.bias, bias, 1e-5, 1e-6));
    }
}

TEST(AdamW, StepsAsTorchDoes) {
    torch::manual_seed(1);
    arch::Layer layer;
    layer.name = "l";
    layer.kind = arch::LayerKind::linear;
    layer.in = {3, 1, 1};
    layer.out = {2, 1, 1};
    nn::WeightBank bank({layer}, core::Rng(1));
    const nn::LayerWeights& w = bank.layers().at("l");
    Tensor weight = w.weight.detach().clone().set_requires_grad(true);
    torch::optim::AdamW theirs({weight}, torch::optim::AdamWOptions(0.1).betas({0.8, 0.999}).weight_decay(0.01));
    OptimizerOptions options;
    options.optimizer = "adamw";
    options.momentum = 0.8;
    options.weight_decay = 0.01;
    options.gradient_clip = 0;
    Optimizer ours(bank, options);
    const std::vector<nn::WeightBank> replicas{bank.replica()};
    const nn::LayerWeights& own = replicas[0].layers().at("l");
    for (int i = 0; i < 5; ++i) {
        const Tensor x = torch::randn({4, 3});
        theirs.zero_grad();
        torch::linear(x, own.weight).square().sum().backward();
        torch::linear(x, weight).square().sum().backward();
        if (i == 3) {  // read back in the middle
            core::TensorFile file;
            ours.save(file);
            ours = Optimizer(bank, options);
            ours.load(file, "memory");
        }
        ours.step(0.1, replicas);
        theirs.step();
        EXPECT_TRUE(torch::allclose(w.weight, weight, 1e-5, 1e-6)) << "step " << i;
    }
}

TEST(Sgd, ClipsTheNormOfTheWholeGradient) {
    arch::Layer layer;
    layer.name = "l";
    layer.kind = arch::LayerKind::linear;
    layer.in = {2, 1, 1};
    layer.out = {1, 1, 1};
    nn::WeightBank bank({layer}, core::Rng(1));
    const Tensor before = bank.layers().at("l").weight.detach().clone();
    OptimizerOptions options;
    options.gradient_clip = 1;
    options.momentum = 0;
    options.weight_decay = 0;
    Optimizer sgd(bank, options);
    const std::vector<nn::WeightBank> replicas{bank.replica(), bank.replica()};
    (replicas[0].layers().at("l").weight * torch::tensor({{30.0, 0.0}})).sum().backward();
    (replicas[1].layers().at("l").weight * torch::tensor({{0.0, 40.0}})).sum().backward();
    EXPECT_NEAR(sgd.step(1, replicas), 50, 1e-4);
    EXPECT_TRUE(torch::allclose(before - bank.layers().at("l").weight, torch::tensor({{0.6, 0.8}})));
}

TEST(Inputs, AreChannelsLastForOneChannelToo) {
    const Tensor x = to_input(std::vector<std::uint8_t>(2 * 4 * 4, 255), 2, 4, 4, {{0.5F}, {0.25F}}, torch::kCPU);
    EXPECT_EQ(x.suggest_memory_format(), at::MemoryFormat::ChannelsLast);
    EXPECT_FLOAT_EQ(x[1][0][3][3].item<float>(), 2);
}

TEST(Supernet, SameSeedSameWeights) {
    const Task task;
    nn::WeightBank a = task.bank(), b = task.bank();
    train_supernet(a, task.space, task.options(1), task.input());
    train_supernet(b, task.space, task.options(1), task.input());
    EXPECT_TRUE(same(a, b));
    EXPECT_FALSE(same(a, task.bank()));
}

TEST(Supernet, ResultsDoNotDependOnTheNumberOfCores) {
    const Task task;
    nn::WeightBank a = task.bank(), b = task.bank();
    const int threads = at::get_num_threads();
    at::set_num_threads(1);
    train_supernet(a, task.space, task.options(1), task.input());
    at::set_num_threads(4);
    train_supernet(b, task.space, task.options(1), task.input());
    at::set_num_threads(threads);
    EXPECT_TRUE(same(a, b));
}

TEST(Supernet, StoppedAndResumedEqualsUninterrupted) {
    const Task task;
    const auto file = std::filesystem::temp_directory_path() / "nachos_resume_test.safetensors";
    std::filesystem::remove(file);
    nn::WeightBank whole = task.bank(), first = task.bank(), second = task.bank();
    train_supernet(whole, task.space, task.options(2), task.input());
    TrainingInput stopping = task.input(file);
    stopping.should_stop = [] { return true; };
    try {
        train_supernet(first, task.space, task.options(2), stopping);
        FAIL() << "did not stop";
    } catch (const Error& e) {
        EXPECT_EQ(e.exit_code(), 75);
    }
    int reports = 0;
    TrainingInput going_on = task.input(file);
    going_on.progress = [&](const core::Progress&) { ++reports; };
    train_supernet(second, task.space, task.options(2), going_on);
    EXPECT_TRUE(same(whole, second));
    EXPECT_EQ(reports, 320 / 32);  // only the second epoch was trained
    std::filesystem::remove(file);
}

TEST(Evaluation, DoesNotDependOnTheNumberOfWorkers) {
    const Task task;
    nn::WeightBank bank = task.bank();
    train_supernet(bank, task.space, task.options(8), task.input());
    const InheritContext context{
        .space = task.space,
        .bank = bank,
        .recalibration = prepare_sample(task.parts.train.examples(), 64, task.norm, 32, torch::kCPU, core::Rng(1)),
        .validation = prepare(task.parts.validation.examples(), task.norm, 32, torch::kCPU),
        .measure = policy::Measure::max_prob,
        .budgets = {1e5, 3e5, 1e6},
        .store_table = {}};
    core::Rng rng(5);
    std::vector<arch::ArchSpec> specs{task.space.largest()};
    for (int i = 0; i < 5; ++i) specs.push_back(task.space.decode(task.space.sample(rng)));
    const auto one = evaluate_inherited(context, specs, 1, 1), three = evaluate_inherited(context, specs, 3, 1);
    for (std::size_t i = 0; i < specs.size(); ++i) {
        EXPECT_EQ(one[i].arch, specs[i]);
        ASSERT_TRUE(one[i].ok()) << one[i].error;
        ASSERT_EQ(one[i].curve.size(), three[i].curve.size());
        for (std::size_t p = 0; p < one[i].curve.size(); ++p) {
            EXPECT_EQ(one[i].curve[p].point.accuracy, three[i].curve[p].point.accuracy);
            EXPECT_EQ(one[i].curve[p].point.avg_cost, three[i].curve[p].point.avg_cost);
        }
    }
    ASSERT_FALSE(one[0].curve.empty());
    EXPECT_GT(one[0].curve.back().point.accuracy, 0.5);  // four classes: it has learnt something
}

TEST(Evaluation, AFailureIsRecordedWithItsReasonAndShiftsNobody) {
    const Task task;
    const nn::WeightBank bank = task.bank();
    const InheritContext context{
        .space = task.space,
        .bank = bank,
        .recalibration = prepare_sample(task.parts.train.examples(), 64, task.norm, 32, torch::kCPU, core::Rng(1)),
        .validation = prepare(task.parts.validation.examples(), task.norm, 32, torch::kCPU),
        .measure = policy::Measure::max_prob,
        .budgets = {1e6},
        .store_table = {}};
    arch::ArchSpec broken = task.space.smallest();
    broken.depth[0] = 7;
    const std::vector<arch::ArchSpec> specs{task.space.smallest(), broken, task.space.largest()};
    const auto results = evaluate_inherited(context, specs, 2, 1);
    EXPECT_TRUE(results[0].ok());
    EXPECT_NE(results[1].error.find("stage 1 has depth 7"), std::string::npos) << results[1].error;
    EXPECT_TRUE(results[2].ok());
    EXPECT_EQ(results[2].arch, task.space.largest());
}

}  // namespace
}  // namespace nachos::train
