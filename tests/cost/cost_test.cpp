#include "cost/cost.h"

#include "arch/search_space.h"

#include <gtest/gtest.h>

namespace nachos::cost {
namespace {

using arch::ArchSpec;
using arch::SearchSpace;

SearchSpace space_named(const std::string& name, arch::TaskShape task = {}) {
    arch::SpaceOptions options;
    options.name = name;
    return arch::make_space(options, task);
}

// Totals given with the published space's definition (32 x 32, 10 classes, no early exit).
TEST(OfaCosts, SmallestAndLargestAreThePublishedTotals) {
    const SearchSpace space = space_named("ofa-mbv3");
    EXPECT_EQ(costs_of(space.build(space.smallest())).worst_macs(), 3'935'184);
    EXPECT_EQ(costs_of(space.build(space.largest())).worst_macs(), 15'198'240);
}

// By hand, ofa-mbv3 smallest. Maps: stem 16 x 16, stages 8, 4, 2, 2, 1.
//   stem 3*16*9*256 = 110,592; first block (9*16 + 16*16)*256 = 102,400
//   stage 1: expand 16->48 at 16x16 = 196,608, depthwise 48*9*64 = 27,648, project 48->24 at 8x8 = 73,728;
//            block 2: expand 24->72 110,592, depthwise 41,472, project 110,592
TEST(OfaCosts, FirstExitByHand) {
    const SearchSpace space = space_named("ofa-mbv3");
    ArchSpec spec = space.smallest();
    spec.exits[0].placed = true;
    const Costs costs = costs_of(space.build(spec));
    const std::int64_t stem = 110'592 + 102'400;
    const std::int64_t stage1 = 196'608 + 27'648 + 73'728 + 110'592 + 41'472 + 110'592;
    EXPECT_EQ(costs.backbone_macs[0], stem + stage1);
    // Head: unpooled 24->32->64->128 at 8x8 = (6912 + 18432 + 73728)*64 = 6,340,608 + 8192*11 is more than the 3.9 M of the
    // final exit; pooled by 2, at 4x4: 1,585,152 + 2048*11 = 1,607,680, and 773,632 + that is less.
    EXPECT_EQ(costs.head_macs[0], 1'607'680);
    EXPECT_EQ(costs.executed_macs[0], costs.backbone_macs[0] + costs.head_macs[0]);
    EXPECT_EQ(costs.executed_macs[1], 3'935'184 + 1'607'680);
    EXPECT_EQ(costs.paper_macs[1], 3'935'184);
}

TEST(ResNet8Costs, MlPerfTinyNetworkByHand) {
    const SearchSpace space = space_named("resnet8");
    ArchSpec spec = space.smallest();
    spec.width = {16, 32, 64};
    const Costs costs = costs_of(space.build(spec));
    const std::int64_t by_hand = 442'368                            // stem 3->16, 32 x 32
                                 + 2 * 2'359'296                    // stage 1
                                 + 1'179'648 + 2'359'296 + 131'072  // stage 2 and its shortcut
                                 + 1'179'648 + 2'359'296 + 131'072  // stage 3 and its shortcut
                                 + 640;                             // classifier
    EXPECT_EQ(by_hand, 12'501'632);
    EXPECT_EQ(costs.worst_macs(), by_hand);
    const std::int64_t weights = 432 + 2 * 2304 + 4608 + 9216 + 512 + 18432 + 36864 + 2048 + 640;
    const std::int64_t biases = 16 + 2 * 16 + 3 * 32 + 3 * 64 + 10;
    EXPECT_EQ(costs.params, weights + biases);
}

TEST(ResNet8Costs, NarrowWithExitByHand) {
    const SearchSpace space = space_named("resnet8");
    ArchSpec spec = space.smallest();  // widths 8, 16, 32, one block each
    spec.exits[1] = {.placed = true, .convs = 1, .width = 32, .pool = 2};
    const Costs costs = costs_of(space.build(spec));
    const std::int64_t stem = 442'368;
    const std::int64_t stage1 = (16 * 8 * 9 + 8 * 8 * 9 + 16 * 8) * 1024;
    const std::int64_t stage2 = (8 * 16 * 9 + 16 * 16 * 9 + 8 * 16) * 256;
    const std::int64_t head = (16 * 9 + 16 * 32) * 64 + 32 * 11;  // 16 x 16 map pooled to 8 x 8
    const std::int64_t stage3 = (16 * 32 * 9 + 32 * 32 * 9 + 16 * 32) * 64;
    EXPECT_EQ(costs.backbone_macs, (std::vector<std::int64_t>{stem + stage1 + stage2, stem + stage1 + stage2 + stage3}));
    EXPECT_EQ(costs.head_macs, (std::vector<std::int64_t>{head, 32 * 10}));
    EXPECT_EQ(costs.executed_macs[1], stem + stage1 + stage2 + stage3 + head + 320);
}

// mbv3-small smallest on 28 x 28 grey: stem stride 2 to 14 x 14, stages 14, 7, 4, 4; stem 8, widths 8, 16, 32, 48;
// expansion 2.
TEST(SmallCosts, SmallestByHand) {
    const SearchSpace space = space_named("mbv3-small", {28, 1, 10});
    const Costs costs = costs_of(space.build(space.smallest()));
    const std::int64_t stem = 8 * 9 * 196;
    const std::int64_t stage1 = (8 * 16 + 9 * 16 + 16 * 8) * 196;
    const std::int64_t stage2 = 8 * 16 * 196 + (9 * 16 + 16 * 16) * 49;
    const std::int64_t stage3 = 16 * 32 * 49 + (9 * 32 + 32 * 32) * 16 + 2 * 32 * 8;
    const std::int64_t stage4 = (32 * 64 + 9 * 64 + 64 * 48) * 16 + 2 * 64 * 16;
    const std::int64_t head = 48 * 128 + 128 * 10;
    EXPECT_EQ(costs.backbone_macs[0], stem + stage1 + stage2 + stage3 + stage4);
    EXPECT_EQ(costs.head_macs[0], head);
}

// The worked ARCH.json of the documents: colour 32 x 32, stride 1, two exits.
TEST(SmallCosts, ArchitectureWithTwoExitsByHand) {
    const ArchSpec spec = arch::spec_from_json(
        R"({"space": "mbv3-small", "resolution": 32, "channels": 3, "classes": 10, "stem_stride": 1, "stem_width": 16, "depth": [1, 2, 1, 1],
            "width": [16, 24, 48, 64], "kernel": [3, 5, 3, 3, 5], "expand": [2, 3, 3, 4, 2],
            "exits": [{"convs": 0}, {"convs": 2, "width": 32, "pool": 2}, 0]})",
        "test");
    const Costs costs = costs_of(arch::space_of(spec).build(spec));
    const std::int64_t to1 = 27 * 16 * 1024 + (16 * 32 + 9 * 32 + 32 * 16) * 1024;
    const std::int64_t head1 = 16 * 11;
    const std::int64_t to2 = to1 + 16 * 48 * 1024 + (25 * 48 + 48 * 24) * 256 + (24 * 72 + 9 * 72 + 72 * 24) * 256;
    const std::int64_t head2 = (24 * 9 + 24 * 32 + 32 * 9 + 32 * 32) * 64 + 32 * 11;
    const std::int64_t stage3 = 24 * 96 * 256 + (9 * 96 + 96 * 48) * 64 + 2 * 96 * 24;
    const std::int64_t stage4 = (48 * 96 + 25 * 96 + 96 * 64) * 64 + 2 * 96 * 24;
    const std::int64_t head3 = 64 * 128 + 128 * 10;
    EXPECT_EQ(costs.backbone_macs, (std::vector<std::int64_t>{to1, to2, to2 + stage3 + stage4}));
    EXPECT_EQ(costs.head_macs, (std::vector<std::int64_t>{head1, head2, head3}));
    EXPECT_EQ(costs.executed_macs[2], to2 + stage3 + stage4 + head1 + head2 + head3);
    EXPECT_EQ(costs.paper_macs[2], to2 + stage3 + stage4 + head3);
}

TEST(Costs, GrowWithEveryGene) {
    for (const char* name : {"mbv3-small", "ofa-mbv3", "resnet8"}) {
        const SearchSpace space = space_named(name);
        core::Rng rng(3);
        for (int i = 0; i < 50; ++i) {
            const arch::Genome genome = space.sample(rng);
            const std::int64_t before = costs_of(space.build(arch::without_exits(space.decode(genome)))).worst_macs();
            for (std::size_t g = 0; g < genome.size(); ++g) {
                if (space.genes()[g].name == "stem_stride" ||
                    genome[g] + 1 == static_cast<int>(space.genes()[g].choices.size()))
                    continue;
                arch::Genome larger = genome;
                ++larger[g];
                EXPECT_GE(costs_of(space.build(arch::without_exits(space.decode(larger)))).worst_macs(), before)
                    << name << " " << space.genes()[g].name;
            }
        }
    }
}

// Input 1 x 4 x 4 (16), conv to 2 x 4 x 4 (32), conv to 2 x 4 x 4 (32), add in place, pool, linear.
TEST(PeakActivation, LivenessByHand) {
    using arch::LayerKind;
    arch::NetDesc net;
    net.input = {1, 4, 4};
    net.classes = 2;
    const auto layer = [&](LayerKind kind, std::vector<int> inputs, arch::Shape out) {
        arch::Layer l;
        l.kind = kind;
        l.in = net.shape_of(inputs[0]);
        l.inputs = std::move(inputs);
        l.out = out;
        net.layers.push_back(l);
    };
    layer(LayerKind::conv, {0}, {2, 4, 4});    // 16 + 32
    layer(LayerKind::conv, {1}, {2, 4, 4});    // 32 + 32 (the input is dead)
    layer(LayerKind::add, {2, 1}, {2, 4, 4});  // in place of tensor 2
    layer(LayerKind::global_avg_pool, {3}, {2, 1, 1});
    layer(LayerKind::linear, {4}, {2, 1, 1});
    EXPECT_EQ(peak_activation_bytes(net), 64 * 4);
    net.layers[4].inputs = {4};
    layer(LayerKind::conv, {0}, {2, 4, 4});  // the image is read again at the end, so it stays: 16 + 32 + 32
    EXPECT_EQ(peak_activation_bytes(net), 80 * 4);
}

// A pending exit holds the stage's map while its head runs.
TEST(PeakActivation, HoldsTheMapForAPendingExit) {
    const SearchSpace space = space_named("mbv3-small");
    ArchSpec spec = space.smallest();
    spec.exits[0] = {.placed = true, .convs = 2, .width = 64, .pool = 1};
    const std::int64_t map = 8 * 16 * 16, depthwise = 8 * 16 * 16, pointwise = 64 * 16 * 16;
    const std::int64_t head_peak = map + pointwise + pointwise;
    EXPECT_GT(head_peak, map + depthwise + pointwise);
    EXPECT_EQ(costs_of(space.build(spec)).peak_activation_bytes, head_peak * 4);
}

}  // namespace
}  // namespace nachos::cost
