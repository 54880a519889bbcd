#include "arch/search_space.h"

#include "arch/spaces.h"
#include "core/error.h"

#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <set>

namespace nachos::arch {
namespace {

SearchSpace space_named(const std::string& name) {
    SpaceOptions options;
    options.name = name;
    return make_space(options, {});
}

std::string error_of(const std::function<void()>& f) {
    try {
        f();
    } catch (const Error& e) {
        return e.what();
    }
    return "no error";
}

TEST(Round8, FollowsTheRuleOfMobileNets) {
    EXPECT_EQ(round8(18), 24);  // 16 would be below 0.9 * 18
    EXPECT_EQ(round8(3), 8);
    EXPECT_EQ(round8(12), 16);
    EXPECT_EQ(round8(20), 24);
    EXPECT_EQ(round8(72), 72);
    EXPECT_EQ(round8(75), 72);
}

class EverySpace : public testing::TestWithParam<const char*> {};

TEST_P(EverySpace, EncodeInvertsDecodeOnRepairedGenomes) {
    const SearchSpace space = space_named(GetParam());
    core::Rng rng(7);
    for (int i = 0; i < 300; ++i) {
        const Genome genome = space.sample(rng);
        const ArchSpec spec = space.decode(genome);
        EXPECT_EQ(space.encode(spec), genome);
        EXPECT_EQ(spec_from_json(to_json(spec), "test").exits, spec.exits);
        EXPECT_EQ(space.decode(space.encode(spec_from_json(to_json(spec), "test"))), spec);
    }
}

TEST_P(EverySpace, GenesThatNobodyReadsDoNotMakeANewArchitecture) {
    const SearchSpace space = space_named(GetParam());
    core::Rng rng(8);
    for (int i = 0; i < 300; ++i) {
        Genome genome = space.sample(rng);
        const ArchSpec spec = space.decode(genome);
        for (std::size_t g = 0; g < genome.size(); ++g) {
            Genome changed = genome;
            changed[g] = static_cast<int>(space.genes()[g].choices.size()) - 1;
            const Genome repaired = space.repair(changed);
            EXPECT_EQ(repaired == genome, space.decode(repaired) == spec) << space.genes()[g].name;
        }
    }
}

TEST_P(EverySpace, SamplingReachesEveryChoice) {
    const SearchSpace space = space_named(GetParam());
    core::Rng rng(9);
    std::vector<std::set<int>> seen(space.genes().size());
    for (int i = 0; i < 3000; ++i) {
        const Genome genome = space.sample(rng);
        for (std::size_t g = 0; g < genome.size(); ++g) seen[g].insert(genome[g]);
    }
    for (std::size_t g = 0; g < seen.size(); ++g)
        EXPECT_EQ(seen[g].size(), space.genes()[g].choices.size()) << space.genes()[g].name;
}

TEST_P(EverySpace, EveryBuiltNetworkIsSound) {
    const SearchSpace space = space_named(GetParam());
    core::Rng rng(10);
    for (int i = 0; i < 100; ++i) {
        const ArchSpec spec = space.decode(space.sample(rng));
        const NetDesc net = space.build(spec);
        EXPECT_NO_THROW(check(net, false, "test"));
        EXPECT_EQ(net.exit_count(), spec.placed_exits() + 1);
        const NetDesc again = net_from_json(net_to_json(net), "test");
        EXPECT_EQ(net_to_json(again), net_to_json(net));
        std::set<std::string> names;
        for (const Layer& l : net.layers) EXPECT_TRUE(names.insert(l.name).second) << l.name;
    }
}

TEST_P(EverySpace, SupernetShapesHoldEveryArchitecture) {
    const SearchSpace space = space_named(GetParam());
    std::map<std::string, Layer> largest;
    for (const Layer& l : space.weight_layers()) largest[l.name] = l;
    core::Rng rng(11);
    for (int i = 0; i < 200; ++i) {
        for (const Layer& l : space.build(space.decode(space.sample(rng))).layers) {
            if (!l.has_weights()) continue;
            ASSERT_EQ(largest.count(l.name), 1U) << l.name;
            const auto wanted = l.weight_shape();
            const auto held = largest.at(l.name).weight_shape();
            for (std::size_t d = 0; d < wanted.size(); ++d) EXPECT_LE(wanted[d], held[d]) << l.name;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Spaces, EverySpace, testing::Values("mbv3-small", "ofa-mbv3", "resnet8"), [](const auto& info) {
    return std::string(info.index == 0 ? "small" : info.index == 1 ? "ofa" : "resnet8");
});

// The published encoder slides the genes of a shallow stage onto the next stage's blocks and leaves the last ones at their
// largest setting. Here each block present gets its own.
TEST(OfaSpace, GenesOfShallowStagesStayOnTheirBlocks) {
    const SearchSpace space = space_named("ofa-mbv3");
    ArchSpec spec = space.smallest();
    spec.depth = {2, 3, 2, 2, 2};
    spec.kernel = {3, 5, 7, 3, 5, 7, 3, 5, 7, 3, 5};
    spec.expand = {3, 4, 6, 3, 4, 6, 3, 4, 6, 3, 4};
    const NetDesc net = space.build(spec);
    std::map<std::string, int> kernels;
    for (const Layer& l : net.layers) kernels[l.name] = l.kernel;
    EXPECT_EQ(kernels.at("stage1.block2.depthwise"), 5);
    EXPECT_EQ(kernels.at("stage2.block1.depthwise"), 7);
    EXPECT_EQ(kernels.at("stage2.block3.depthwise"), 5);
    EXPECT_EQ(kernels.at("stage5.block2.depthwise"), 5);
    EXPECT_EQ(kernels.count("stage1.block3.depthwise"), 0U);
}

TEST(OfaSpace, PublishedExitsPoolUntilTheyAreCheaperThanTheNext) {
    const SearchSpace space = space_named("ofa-mbv3");
    const NetDesc net = space.build(space.with_all_exits(space.smallest()));
    // Maps at 32 x 32: 8, 4, 2, 2 pixels after stages 1 to 4. Site 1: 8 x 8 maps cost 24*32*9 + 32*64*9 + 64*128*9 = 99,072
    // a pixel, 6.3 M unpooled, so a pool stands in front.
    std::map<std::string, const Layer*> layers;
    for (const Layer& l : net.layers) layers[l.name] = &l;
    ASSERT_EQ(layers.count("exit1.pool"), 1U);
    EXPECT_EQ(layers.at("exit1.conv3")->out.c, 128);
    EXPECT_TRUE(layers.at("exit1.conv3")->bias);
    EXPECT_FALSE(layers.at("exit1.conv3")->batch_norm);
}

TEST(Options, ErrorsNameKeyAndAllowedValues) {
    SpaceOptions options;
    options.name = "mbv4";
    EXPECT_EQ(error_of([&] { make_space(options, {}); }),
              "space 'mbv4' is not known; allowed: 'mbv3-small', 'ofa-mbv3', 'resnet8'");
    options = {};
    options.kernel = {3, 4};
    EXPECT_EQ(error_of([&] { make_space(options, {}); }), "space.kernel holds 4; allowed: odd numbers from 1 to 15");
    options = {};
    options.depth = {{1}, {2}};
    EXPECT_EQ(error_of([&] { make_space(options, {}); }),
              "space.depth has 2 lists, space 'mbv3-small' needs one for each of its 4 stages");
}

TEST(Options, ThePublishedSpaceIsNarrowedOnly) {
    SpaceOptions options;
    options.name = "ofa-mbv3";
    options.kernel = {3, 9};
    EXPECT_EQ(error_of([&] { make_space(options, {}); }), "space.kernel holds 9; allowed in the published space: 3, 5, 7");
    options.kernel = {3};
    EXPECT_EQ(make_space(options, {}).largest().kernel.front(), 3);
    options.stem_stride = {1, 2};
    EXPECT_EQ(error_of([&] { make_space(options, {}); }),
              "space.width, width_multiplier, stem_stride and stem_width: those of 'ofa-mbv3' are fixed");
}

TEST(ArchJson, ErrorsNameKeyAndAllowedValues) {
    EXPECT_EQ(error_of([] { spec_from_json("[1]", "a.json"); }), "a.json: is not a JSON object");
    EXPECT_EQ(error_of([] { spec_from_json(R"({"space":"resnet8","depth":[1,-2]})", "a.json"); }),
              "a.json: key 'depth' holds -2, whole numbers from 0 to 1048576 are allowed");
    EXPECT_EQ(error_of([] { spec_from_json(R"({"space":"resnet8","dept":[1]})", "a.json"); }),
              "a.json: unknown key 'dept'; allowed: space, resolution, channels, classes, stem_stride, stem_width, depth, "
              "width, kernel, "
              "expand, exits");
    const SearchSpace ofa = space_named("ofa-mbv3");
    ArchSpec spec = ofa.smallest();
    spec.kernel[3] = 9;
    EXPECT_EQ(error_of([&] { ofa.encode(spec); }),
              "architecture of space 'ofa-mbv3': stage2.block2.kernel is 9, allowed: 3, 5, 7");
    spec = ofa.smallest();
    spec.depth[1] = 5;
    EXPECT_EQ(error_of([&] { ofa.encode(spec); }),
              "architecture of space 'ofa-mbv3': stage 2 has depth 5, allowed: 2, 3, 4");
}

/// A block of its own: a depthwise and a pointwise convolution, with `expand` unused.
int plain_separable(NetBuilder& net, const BlockSpec& block, const StageSpace& stage, int x) {
    x = net.depthwise(block.name + ".depthwise", x, block.kernel, block.stride, stage.activation);
    return net.conv(block.name + ".pointwise", x, block.width, 1, 1, stage.activation);
}

SpaceData own_space() {
    SpaceData data;
    data.name = "own";
    data.stem_strides = {2};
    data.stem_widths = {8};
    const auto stage = [](int stride, std::vector<int> widths) {
        return StageSpace{stride, Activation::relu, false, {1, 2}, std::move(widths), {3, 5}, {1}};
    };
    data.stages = {stage(1, {8, 16}), stage(2, {16, 32})};
    data.build_block = plain_separable;
    data.exit_convs = {0};
    data.exit_widths = {16};
    data.exit_pools = {1};
    return data;
}

TEST(OwnSpace, ItsBlocksAreBuiltAndTheSupernetHoldsThem) {
    const SearchSpace space(own_space(), {.resolution = 32, .channels = 1, .classes = 3});
    const NetDesc net = space.build(space.smallest());
    std::vector<std::string> names;
    for (const Layer& l : net.layers) names.push_back(l.name);
    EXPECT_EQ(names, (std::vector<std::string>{"stem", "stage1.block1.depthwise", "stage1.block1.pointwise",
                                               "stage2.block1.depthwise", "stage2.block1.pointwise", "final.pool",
                                               "final.classifier"}));
    // 16x16: 8*9 stem, 8*9 + 8*8; 8x8: 8*9 + 8*16; 16*3
    EXPECT_EQ(std::accumulate(net.layers.begin(), net.layers.end(), std::int64_t{0},
                              [](std::int64_t sum, const Layer& l) { return sum + l.macs(); }),
              256 * (72 + 72 + 64) + 64 * (72 + 128) + 48);
    std::map<std::string, Layer> weights;
    for (const Layer& l : space.weight_layers()) weights[l.name] = l;
    EXPECT_EQ(weights.at("stage2.block2.pointwise").weight_shape(), (std::vector<std::int64_t>{32, 32, 1, 1}));
    EXPECT_EQ(weights.at("stage1.block1.depthwise").weight_shape(), (std::vector<std::int64_t>{8, 1, 5, 5}));
    core::Rng rng(3);
    for (int i = 0; i < 50; ++i) {
        const Genome genome = space.sample(rng);
        EXPECT_EQ(space.encode(space.decode(genome)), genome);
        check(space.build(space.decode(genome)), false, "own");
    }
}

TEST(OwnSpace, MistakesAreNamed) {
    const auto refused = [](auto change) {
        SpaceData data = own_space();
        change(data);
        return error_of([&] {
            const SearchSpace space(data, {});
            space.build(space.smallest());
        });
    };
    EXPECT_EQ(refused([](SpaceData& d) { d.stages.clear(); }), "space 'own' has no stages");
    EXPECT_EQ(refused([](SpaceData& d) { d.stages[1].kernels.clear(); }),
              "space 'own' has no stages[1].kernels to choose from");
    EXPECT_EQ(refused([](SpaceData& d) {
                  d.stem_widths = {16, 8};
              }),
              "space 'own': stem_widths is 16, 8; needed: from 0, ascending, each once");
    EXPECT_EQ(refused([](SpaceData& d) { d.stages[0].stride = 0; }),
              "space 'own': stages[0] has stride 0 and depths from 1; needed: at least 1");
    EXPECT_EQ(refused([](SpaceData& d) {
                  d.build_block = [](NetBuilder& net, const BlockSpec& block, const StageSpace&, int x) {
                      return net.conv(block.name + ".conv", x, 7, 3, 1, Activation::relu);
                  };
              }),
              "space 'own': stage1.block1 gives a map of 7 x 16 x 16, 8 x 16 x 16 is needed");
}

}  // namespace
}  // namespace nachos::arch
