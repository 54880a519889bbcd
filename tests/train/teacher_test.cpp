#include "train/teacher.h"

#include "core/temp_folder.h"
#include "cost/cost.h"
#include "data/dataset.h"
#include "train/inherit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

namespace nachos::train {
namespace {

using torch::Tensor;

/// Images of four classes, and the task that they are.
struct Task {
    data::Parts parts = data::split(data::load({.path = "synthetic:600"}), {}, 1);
    data::Normalisation norm = data::normalisation_of(parts.train);
    data::Examples examples = parts.train.examples();

    arch::TaskShape shape() const {
        return {examples.height, examples.channels, static_cast<int>(parts.class_names.size())};
    }

    TrainingInput input(const data::Examples& of, const Teacher* teacher = nullptr) const {
        return {.examples = of,
                .normalisation = norm,
                .augment = {.pad_crop = 0, .flip = false, .cutout = 0},
                .loss = {},
                .rng = core::Rng(3),
                .checkpoint = {},
                .progress = {},
                .should_stop = {},
                .phase = "test",
                .teacher = teacher};
    }

    TeacherOptions options() const {
        TeacherOptions o;
        o.width = 8;
        o.optimizer.epochs = 6;
        o.optimizer.batch_size = 32;
        return o;
    }

    std::vector<Tensor> images() const { return prepare(examples, norm, 64, torch::kCPU).batches; }
};

/// Share of `labels` that the largest of `scores` (N, K) is.
double agreement(const Tensor& scores, const Tensor& labels) {
    return scores.argmax(1).eq(labels).to(torch::kDouble).mean().item<double>();
}

TEST(Teacher, OfSixteenChannelsIsResNet8) {
    TeacherOptions options;
    options.width = 16;
    const arch::NetDesc net = teacher_network(options, {32, 3, 10});
    EXPECT_EQ(cost::costs_of(net).worst_macs(), 12501632);  // MLPerf Tiny's, the space's own test counts it by hand
    options.depth = 2;
    EXPECT_GT(cost::costs_of(teacher_network(options, {32, 3, 10})).worst_macs(), 2 * 12000000);
}

TEST(Teacher, SaysSoftmaxAtItsTemperatureInBothNumberTypes) {
    const Task task;
    const TeacherOptions options = task.options();
    const arch::NetDesc net = teacher_network(options, task.shape());
    const nn::WeightBank bank(nn::weighted_layers(net), core::Rng(1));
    const Tensor x = task.images().front();
    const arch::NetDesc folded = nn::to_desc(net, bank, nn::recalibrate(net, bank, {x}));
    const Tensor logits = nn::FoldedNet(folded).run(x).logits.back();
    const Taught exact = Teacher(folded, options, torch::kCPU, torch::kFloat).of(x);
    EXPECT_EQ(exact.share, 0.9);
    EXPECT_EQ(exact.temperature, 4);
    EXPECT_TRUE(exact.final_exit);
    EXPECT_FALSE(exact.probabilities.is_inference()) << "a gradient cannot be taken beside it";
    EXPECT_TRUE(torch::allclose(exact.probabilities, torch::softmax(logits / 4, 1)));
    const Taught narrow = Teacher(folded, options, torch::kCPU, torch::kBFloat16).of(x.to(torch::kBFloat16));
    EXPECT_EQ(narrow.probabilities.scalar_type(), torch::kFloat);
    EXPECT_TRUE(torch::allclose(narrow.probabilities, exact.probabilities, 0.05, 0.01));
}

TEST(Teacher, PupilsLearnFromItWhatLabelsDoNotSay) {
    const Task task;
    TeacherOptions options = task.options();
    options.share = 1;
    const Teacher teacher = train_teacher(options, task.shape(), task.input(task.examples));
    const Tensor x = torch::cat(task.images()),
                 y = torch::tensor(prepare(task.examples, task.norm, 64, torch::kCPU).labels, torch::kLong);
    ASSERT_GT(agreement(teacher.of(x).probabilities, y), 0.9);

    data::Examples nameless = task.examples;
    std::fill(nameless.labels.begin(), nameless.labels.end(), 0);
    arch::SpaceOptions space;
    space.stem_stride = {2};
    space.depth = {{1}, {1}, {1}, {1}};
    space.width = {{8}, {16}, {16}, {16}};
    const arch::SearchSpace one = arch::make_space(space, task.shape());
    const arch::NetDesc net = one.build(one.with_all_exits(one.smallest()));
    nn::WeightBank bank(nn::weighted_layers(net), core::Rng(4));
    OptimizerOptions pupil;
    pupil.epochs = 10;
    pupil.batch_size = 32;
    train_network(bank, net, pupil, task.input(nameless, &teacher));
    torch::NoGradGuard no_grad;
    for (const Tensor& logits : nn::run(net, bank, x).logits) EXPECT_GT(agreement(logits, y), 0.7);
}

TEST(Teacher, GoesOnFromItsCheckpoint) {
    const Task task;
    const test::TempFolder folder;
    TrainingInput input = task.input(task.examples);
    input.checkpoint = folder / "teacher.safetensors";
    int steps = 0;
    input.progress = [&](const core::Progress&) { ++steps; };
    TeacherOptions options = task.options();
    options.optimizer.epochs = 1;
    const Teacher first = train_teacher(options, task.shape(), input);
    EXPECT_GT(steps, 0);
    steps = 0;
    const Teacher again = train_teacher(options, task.shape(), input);
    EXPECT_EQ(steps, 0);
    const Tensor x = task.images().front();
    EXPECT_TRUE(torch::equal(first.of(x).probabilities, again.of(x).probabilities));
}

}  // namespace
}  // namespace nachos::train
