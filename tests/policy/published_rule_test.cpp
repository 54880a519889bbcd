#include "policy/published_rule.h"

#include "policy/best_vector.h"
#include "policy/views.h"

#include <gtest/gtest.h>

namespace nachos::policy {
namespace {

TEST(PublishedRule, WorkedByHand) {
    // Two early exits. Sample 1 is right at exit 1 and sure (0.9), sample 2 right from exit 2 on (0.35), sample 3 right at
    // the end alone (0.15 and 0.25 before).
    const ExitView view{.samples = 3,
                        .exits = 3,
                        .labels = {0, 0, 0},
                        .predictions = {0, 0, 0, 1, 0, 0, 1, 1, 0},
                        .confidences = {0.9F, 0.9F, 1, 0.2F, 0.35F, 1, 0.15F, 0.25F, 1}};
    const std::vector<double> cost{1, 2, 6};
    const auto free = published_rule(view, cost, 100);
    ASSERT_TRUE(free);
    EXPECT_EQ(free->accuracy, 1);  // 0.3 for both: exits 1, 2, 3
    EXPECT_EQ(free->avg_cost, 3);
    EXPECT_FLOAT_EQ(static_cast<float>(*free->thresholds[0]), 0.3F);
    // From 0.3: exit 1 to 0.2, sample 2 leaves there, wrong: 8 / 3; exit 2 to 0.2: sample 3 leaves at exit 2, wrong: 4 / 3.
    // From 0.4, whose exits are 1, 3, 3: 0.3 and 0.4, then 0.3 and 0.3: 3. From 0.2: 1, 1, 2: 4 / 3.
    const auto repaired = published_rule(view, cost, 2.9);
    ASSERT_TRUE(repaired);
    EXPECT_DOUBLE_EQ(repaired->avg_cost, 8.0 / 3);
    EXPECT_DOUBLE_EQ(repaired->accuracy, 2.0 / 3);
    EXPECT_FALSE(published_rule(view, cost, 0.9));
    EXPECT_EQ(published_rule(view, cost, 1)->avg_cost, 1);
}

TEST(PublishedRule, OneExitHasNoThreshold) {
    const ExitView view{.samples = 1, .exits = 1, .labels = {0}, .predictions = {0}, .confidences = {1}};
    EXPECT_TRUE(published_rule(view, std::vector<double>{2}, 2));
    EXPECT_FALSE(published_rule(view, std::vector<double>{2}, 1));
}

TEST(PublishedRule, OursIsNeverBelowIt) {
    core::Rng rng(1);
    int above = 0;
    int compared = 0;
    for (int trial = 0; trial < 200; ++trial) {
        const int exits = rng.between(2, 5);
        const int samples = rng.between(500, 3000);
        const ExitView view = trial % 2 == 0 ? realistic_view(static_cast<std::uint64_t>(trial), samples, exits)
                                             : random_view(rng, samples, exits, 1000);
        const std::vector<double> cost = random_costs(rng, exits);
        const double limit = cost.front() + rng.uniform() * (cost.back() - cost.front());
        const auto published = published_rule(view, cost, limit);
        if (!published) continue;
        ++compared;
        const BestVector ours = best_vector(view, cost, {.max_avg_cost = published->avg_cost}, {.grid = 1 << 18});
        ASSERT_TRUE(ours.broken.empty()) << "trial " << trial;
        ASSERT_GE(ours.point.accuracy, published->accuracy) << "trial " << trial;
        above += ours.point.accuracy > published->accuracy ? 1 : 0;
    }
    EXPECT_EQ(compared, 200);
    EXPECT_GT(above, 150);
    RecordProperty("above", above);
}

}  // namespace
}  // namespace nachos::policy
