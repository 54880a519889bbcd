#include "arch/search_space.h"
#include "cost/space_layers.h"
#include "runtime/classifier.h"
#include "runtime/measure_latency.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <cmath>
#include <future>

namespace nachos::runtime {
namespace {

arch::SearchSpace narrow_space() {
    arch::SpaceOptions options;
    options.depth = {{1}, {1}, {1}, {1}};
    options.width = {{8}, {16}, {24, 32}, {32}};
    options.stem_width = {8};
    options.stem_stride = {2};
    options.exit_convs = {0};
    return arch::make_space(options, {.resolution = 28, .channels = 1, .classes = 4});
}

constexpr ProbeOptions kQuick{.passes = 2, .inferences = 5, .warm_up = 1};

TEST(MeasuredLatency, TheTableHoldsEveryLayerAndPredictsByIt) {
    const arch::SearchSpace space = narrow_space();
    const auto networks = cost::covering_networks(space);
    const std::vector<arch::NetDesc> designs{space.build(space.with_all_exits(space.smallest())),
                                             space.build(space.largest())};
    std::vector<std::int64_t> told;
    const MeasuredLatencies m =
        measure_latencies(networks, designs, kQuick, [&](const core::Progress& p) { told.push_back(p.total - p.done); });
    EXPECT_TRUE(cost::missing_layers(space, m.table).empty());
    EXPECT_EQ(told.size(), 2 * (networks.size() + designs.size()));
    EXPECT_EQ(told.back(), 0);
    for (const auto& [key, l] : m.table.layers) {
        EXPECT_GE(l.samples, 10) << text_of(key);  // passes * inferences
        if (key.kind == arch::LayerKind::conv) {
            EXPECT_GT(l.median_us, 0) << text_of(key);
        }
    }
    ASSERT_EQ(m.pairs.size(), 5U);  // three early exits and the final one, and one without exits
    for (const LatencyPair& p : m.pairs) {
        const auto predicted = cost::latency_us(designs[static_cast<std::size_t>(p.design)], m.table);
        EXPECT_EQ(p.predicted_us, predicted[static_cast<std::size_t>(p.exit)]);
        EXPECT_EQ(p.last, p.exit + 1 == static_cast<int>(predicted.size()));
        EXPECT_GT(p.measured_us, 0);
    }
    EXPECT_EQ(m.table.check.designs, 2);
    EXPECT_EQ(m.table.input, (arch::Shape{1, 28, 28}));
    EXPECT_EQ(m.table.classes, 4);
}

// What lies behind the exit taken is not run, and that is what is timed.
TEST(MeasuredLatency, LaterExitsTakeLonger) {
    const arch::SearchSpace space = narrow_space();
    const auto us = exit_latencies_us(timing_model(space.build(space.with_all_exits(space.largest())), core::Rng(1)),
                                      {.passes = 3, .inferences = 50});
    ASSERT_EQ(us.size(), 4U);
    for (std::size_t e = 1; e < us.size(); ++e) EXPECT_GT(us[e], us[e - 1]);
}

TEST(MeasuredLatency, TimingModelsRunAsModelsDo) {
    const arch::SearchSpace space = narrow_space();
    const model::Model model = timing_model(space.build(space.with_all_exits(space.smallest())), core::Rng(2));
    Classifier classifier(model, 1);
    const std::vector<std::uint8_t> image(28 * 28, 100);
    std::vector<Heard> heard;
    const auto results = classifier.run(policy::Thresholds(3), image, &heard);
    EXPECT_EQ(results[0].exit, 3);
    for (const float z : heard[0].logits) {
        EXPECT_TRUE(std::isfinite(z));
        EXPECT_LT(std::abs(z), 1e3F);
    }
}

TEST(MeasuredLatency, APinnedThreadHasOneCore) {
    const auto [core, count] = std::async(std::launch::async, [] {
                                   const int own = pin_thread();
                                   cpu_set_t set;
                                   CPU_ZERO(&set);
                                   ::sched_getaffinity(0, sizeof set, &set);
                                   return std::pair(own, CPU_COUNT(&set));
                               }).get();
    if (core < 0) GTEST_SKIP() << "the system does not allow it";
    EXPECT_EQ(count, 1);
}

}  // namespace
}  // namespace nachos::runtime
