#include "train/support_set.h"

#include "arch/search_space.h"
#include "data/dataset.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace nachos::train {
namespace {

class Support : public testing::Test {
  protected:
    Support() {
        arch::SpaceOptions options;
        options.stem_stride = {2};
        options.depth = {{1}, {1}, {1}, {1}};
        options.width = {{8}, {8}, {16}, {16}};
        const data::Examples& e = parts_.train.examples();
        const arch::SearchSpace space = arch::make_space(options, {e.height, e.channels, 4});
        net_ = space.build(space.with_all_exits(space.largest()));
        input_.loss.support_weight = 1;
        input_.loss.support_fraction = 0.25;
        input_.loss.support_from = 0.5;
    }

    std::map<int, int> classes_of(const data::Examples& e) const {
        std::map<int, int> counts;
        for (const std::int32_t label : e.labels) ++counts[label];
        return counts;
    }

    data::Parts parts_ = data::split(data::load({.path = "synthetic:400"}), {}, 1);
    data::Normalisation norm_ = data::normalisation_of(parts_.train);
    arch::NetDesc net_;
    TrainingInput input_{.examples = parts_.train.examples(),
                         .normalisation = norm_,
                         .augment = {},
                         .loss = {},
                         .max_avg_macs = {},
                         .rng = core::Rng(3),
                         .device = torch::kCPU,
                         .checkpoint = {},
                         .progress = {},
                         .should_stop = {},
                         .phase = "test"};
};

TEST_F(Support, JoinsAfterTheWarmUpAndLeavesItsImagesOutOfTheEpoch) {
    const nn::WeightBank bank(nn::weighted_layers(net_), core::Rng(1));
    SupportSet set(net_, bank, 4, input_);
    set.begin_epoch(1);
    EXPECT_FALSE(set.matrix().defined());
    EXPECT_EQ(&set.rest(), &input_.examples);
    set.begin_epoch(2);
    ASSERT_TRUE(set.matrix().defined());
    EXPECT_EQ(set.matrix().sizes(), (std::vector<std::int64_t>{4, net_.exit_count() - 1}));
    const auto all = classes_of(input_.examples), left = classes_of(set.rest());
    for (const auto& [label, count] : all) EXPECT_EQ(count - left.at(label), 20) << label;  // a quarter of 320, by class
}

TEST_F(Support, IsDrawnAnewEachEpochAndAgainAlikeAfterAResume) {
    const nn::WeightBank bank(nn::weighted_layers(net_), core::Rng(1));
    SupportSet set(net_, bank, 4, input_), resumed(net_, bank, 4, input_);
    set.begin_epoch(2);
    const auto second = set.rest().pixels;
    set.begin_epoch(3);
    resumed.begin_epoch(3);
    EXPECT_NE(set.rest().pixels, second);
    EXPECT_EQ(set.rest().pixels, resumed.rest().pixels);
    EXPECT_TRUE(torch::equal(set.matrix(), resumed.matrix()));
}

TEST_F(Support, IsNothingForANetworkWithoutExits) {
    arch::SpaceOptions options;
    const arch::SearchSpace space = arch::make_space(options, {input_.examples.height, input_.examples.channels, 4});
    const arch::NetDesc plain = space.build(space.smallest());
    const nn::WeightBank bank(nn::weighted_layers(plain), core::Rng(1));
    SupportSet set(plain, bank, 2, input_);
    set.begin_epoch(1);
    EXPECT_FALSE(set.matrix().defined());
}

// Both regularizers in a whole training, stopped and gone on with: the same weights.
TEST_F(Support, TrainingWithItResumesAlike) {
    input_.loss.cost_weight = 0.5;
    input_.max_avg_macs = 1e5;
    OptimizerOptions options;
    options.epochs = 3;
    options.batch_size = 32;
    options.learning_rate = 0.05;
    nn::WeightBank whole(nn::weighted_layers(net_), core::Rng(1)), halved(nn::weighted_layers(net_), core::Rng(1));
    train_network(whole, net_, options, input_);
    input_.checkpoint = std::filesystem::temp_directory_path() / "nachos_support_test.safetensors";
    std::filesystem::remove(input_.checkpoint);
    input_.should_stop = [] { return true; };
    EXPECT_THROW(train_network(halved, net_, options, input_), std::exception);
    nn::WeightBank other(nn::weighted_layers(net_), core::Rng(9));
    EXPECT_THROW(train_network(other, net_, options, input_), std::exception);
    input_.should_stop = {};
    train_network(other, net_, options, input_);
    for (const auto& [name, w] : whole.layers()) EXPECT_TRUE(torch::equal(w.weight, other.layers().at(name).weight)) << name;
    std::filesystem::remove(input_.checkpoint);
}

}  // namespace
}  // namespace nachos::train
