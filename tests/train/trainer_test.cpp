#include "train/trainer.h"

#include "core/error.h"
#include "core/expect_error.h"
#include "core/temp_folder.h"
#include "data/dataset.h"
#include "study/evaluation_json.h"
#include "train/evaluate.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cmath>

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

    /// `bank` must outlive it.
    CandidateContext context(const nn::WeightBank& bank, CurveOptions curve) const {
        return {.space = space,
                .bank = bank,
                .recalibration = prepare_sample(parts.train.examples(), 64, norm, 32, torch::kCPU, core::Rng(1)),
                .validation = prepare(parts.validation.examples(), norm, 32, torch::kCPU),
                .curve = std::move(curve)};
    }
};

bool same(const nn::WeightBank& a, const nn::WeightBank& b) {
    bool equal = true;
    for (const auto& [name, w] : a.layers()) equal = equal && torch::equal(w.weight, b.layers().at(name).weight);
    return equal;
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

FinalOptions staged(int epochs) {
    FinalOptions options;
    options.schedule = "staged";
    options.optimizer.epochs = epochs;
    options.optimizer.batch_size = 32;
    return options;
}

/// A network with all exits, without them, and its weights.
struct StagedTask : Task {
    arch::NetDesc net = space.build(space.with_all_exits(space.largest())), backbone = space.build(space.largest());

    nn::WeightBank weights() const { return bank().slice(net); }
};

TEST(StagedSchedule, ExitsLearnFromABackboneThatStays) {
    const StagedTask task;
    nn::WeightBank bank = task.weights(), first_stage = task.weights();
    const FinalOptions options = staged(3);  // 2 for the backbone, 1 for the exits
    OptimizerOptions two = options.optimizer;
    two.epochs = 2;
    train_network(first_stage, task.backbone, two, task.input());
    train_by_schedule(bank, task.net, task.backbone, options, task.input());
    for (const arch::Layer& layer : task.net.layers) {
        if (!layer.has_weights()) continue;
        const Tensor& now = bank.layers().at(layer.name).weight;
        const bool early_head = layer.head && layer.exit + 1 < task.net.exit_count();
        EXPECT_EQ(torch::equal(now, first_stage.layers().at(layer.name).weight), !early_head) << layer.name;
        EXPECT_FALSE(torch::equal(now, task.weights().layers().at(layer.name).weight)) << layer.name;
    }
}

TEST(StagedSchedule, OneKeyAwayTheBackboneGoesOnLearning) {
    const StagedTask task;
    nn::WeightBank frozen = task.weights(), free = task.weights();
    FinalOptions options = staged(2);
    train_by_schedule(frozen, task.net, task.backbone, options, task.input());
    options.freeze_backbone = false;
    train_by_schedule(free, task.net, task.backbone, options, task.input());
    EXPECT_FALSE(torch::equal(frozen.layers().at("stem").weight, free.layers().at("stem").weight));
}

TEST(StagedSchedule, StoppedAndResumedInEitherStageEqualsUninterrupted) {
    const StagedTask task;
    const test::TempFolder folder;
    nn::WeightBank whole = task.weights();
    train_by_schedule(whole, task.net, task.backbone, staged(4), task.input());
    int stops = 0;
    for (bool done = false; !done;) {
        nn::WeightBank bank = task.weights();
        TrainingInput stopping = task.input(folder / "final.safetensors");
        stopping.should_stop = [] { return true; };
        try {
            train_by_schedule(bank, task.net, task.backbone, staged(4), stopping);
            done = true;
            EXPECT_TRUE(same(whole, bank));
        } catch (const Error& e) {
            ASSERT_EQ(e.exit_code(), 75) << e.what();
            ++stops;
        }
    }
    EXPECT_EQ(stops, 2);  // behind the first of each stage's two epochs
}

TEST(Evaluation, MeasuresWhatWasLearntAndNothingElse) {
    const Task task;
    nn::WeightBank bank = task.bank();
    train_supernet(bank, task.space, task.options(8), task.input());
    const CandidateContext context = task.context(bank, {.budgets = {1e5, 3e5, 1e6}});
    core::Rng rng(5);
    const arch::ArchSpec largest = task.space.largest(), other = task.space.decode(task.space.sample(rng));
    const study::Evaluation first = evaluate_candidate(context, largest);
    ASSERT_TRUE(evaluate_candidate(context, other).ok());
    const study::Evaluation again = evaluate_candidate(context, largest);  // others leave no trace
    EXPECT_EQ(first.arch, largest);
    ASSERT_TRUE(first.ok()) << first.error;
    ASSERT_FALSE(first.curve.empty());
    EXPECT_EQ(study::to_json(first.curve), study::to_json(again.curve));
    EXPECT_GT(first.curve.back().point.accuracy, 0.5);  // four classes: it has learnt something
}

TEST(Evaluation, ThePublishedRuleGivesOnePointOfTenthsForTheLargestBudget) {
    const Task task;
    const nn::WeightBank bank = task.bank();
    const arch::ArchSpec spec = task.space.with_all_exits(task.space.smallest());
    const auto least = static_cast<double>(costs_of(task.space.build(spec), nullptr).executed_macs.front());
    const CandidateContext context =
        task.context(bank, {.budgets = {least / 2, least, 1.1 * least}, .published_rule = true});
    const study::Evaluation evaluation = evaluate_candidate(context, spec);
    ASSERT_TRUE(evaluation.ok()) << evaluation.error;
    ASSERT_EQ(evaluation.curve.size(), 1U);
    EXPECT_EQ(evaluation.curve[0].budget_index, 2);
    EXPECT_LE(evaluation.curve[0].point.avg_cost, 1.1 * least);
    for (const auto& t : evaluation.curve[0].point.thresholds) {
        ASSERT_TRUE(t.has_value());
        EXPECT_NEAR(10 * *t, std::round(10 * *t), 1e-6);  // floats
    }
}

TEST(Evaluation, AFailureIsRecordedWithItsReasonAndTouchesNobody) {
    const Task task;
    const nn::WeightBank bank = task.bank();
    const CandidateContext context = task.context(bank, {.budgets = {1e6}});
    arch::ArchSpec broken = task.space.smallest();
    broken.depth[0] = 7;
    const study::Evaluation failed = evaluate_candidate(context, broken);
    EXPECT_NE(failed.error.find("stage 1 has depth 7"), std::string::npos) << failed.error;
    EXPECT_TRUE(failed.curve.empty());
    EXPECT_TRUE(evaluate_candidate(context, task.space.largest()).ok());
}

TEST(Evaluation, ATableThatCannotBeStoredIsNotTheCandidatesFault) {
    const Task task;
    const nn::WeightBank bank = task.bank();
    CandidateContext context = task.context(bank, {.budgets = {1e9}});
    context.store_table = [](const auto&, const auto&) -> std::string { fail(ErrorKind::runtime, "no space left"); };
    test::expect_error(ErrorKind::runtime, {"no space left"}, [&] { evaluate_candidate(context, task.space.smallest()); });
}

}  // namespace
}  // namespace nachos::train
