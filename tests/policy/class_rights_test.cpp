#include "policy/class_rights.h"

#include "policy/views.h"

#include <gtest/gtest.h>

namespace nachos::policy {
namespace {

/// Right samples of each class, sample by sample.
std::vector<int> brute_rights(const ExitView& view, const ClassIndex& classes, const Thresholds& thresholds) {
    std::vector<int> rights(classes.samples.size());
    for (int n = 0; n < view.samples; ++n)
        rights[static_cast<std::size_t>(classes.of[static_cast<std::size_t>(n)])] +=
            view.correct(n, exit_taken(view, n, thresholds)) ? 1 : 0;
    return rights;
}

TEST(ClassIndex, CountsClassesByLabel) {
    const ExitView view{
        .samples = 4, .exits = 1, .labels = {7, 2, 7, 5}, .predictions = {7, 2, 7, 5}, .confidences = {1, 1, 1, 1}};
    const ClassIndex index = class_index(view);
    EXPECT_EQ(index.of, (std::vector<int>{2, 0, 2, 1}));
    EXPECT_EQ(index.samples, (std::vector<std::vector<int>>{{1}, {3}, {0, 2}}));
}

TEST(ClassRights, EqualBruteForceAlongAGridAndAlone) {
    core::Rng rng(1);
    for (int trial = 0; trial < 200; ++trial) {
        const int exits = rng.between(2, 5);
        const ExitView view = random_view(rng, rng.between(1, 60), exits, rng.between(1, 20), rng.between(1, 20));
        const std::vector<double> cost = random_costs(rng, exits);
        const RankedTable table = ranked(view, cost);
        const RankLists ranks = all_candidates(table, rng.between(1, 400));
        const Grid grid(table, ranks);
        const ClassIndex classes = class_index(view);
        ClassRights alone(table, classes);
        GridClassRights along(grid, classes);
        const double asked = rng.uniform();  // of the rows and of their vectors; the others are left out
        grid.for_each_row([&](const GridRow& row) {
            if (!rng.chance(asked)) return;
            along.go_to_row(row.first);
            for (std::size_t k = 0; k < row.last.size(); ++k) {
                if (!rng.chance(asked)) continue;
                const Candidate candidate = grid.candidate(row.first + k);
                const auto expected = brute_rights(view, classes, thresholds_of(table, candidate));
                const auto rights = along.at(k);
                ASSERT_EQ(std::vector<int>(rights.begin(), rights.end()), expected) << "trial " << trial;
                ASSERT_EQ(alone.all(candidate.ranks), expected) << "trial " << trial;
            }
        });
    }
}

}  // namespace
}  // namespace nachos::policy
