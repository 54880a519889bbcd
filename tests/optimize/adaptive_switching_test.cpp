#include "optimize/adaptive_switching.h"

#include "core/rank_stats.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>
#include <set>

namespace nachos::optimize {
namespace {

struct Problem {
    Rows x;
    std::vector<double> y;
    std::vector<int> groups;
};

Problem additive(int rows, int per_group) {
    core::Rng rng(1);
    Problem p;
    for (int i = 0; i < rows; ++i) {
        p.x.push_back({rng.normal(), rng.normal(), rng.normal()});
        p.y.push_back(p.x.back()[0] - 2 * p.x.back()[1] + 0.1 * rng.normal());
        p.groups.push_back(i / per_group);
    }
    return p;
}

TEST(GroupFolds, KeepGroupsTogetherAndFoldsEven) {
    std::vector<int> groups;
    for (int g = 0; g < 23; ++g) groups.insert(groups.end(), static_cast<std::size_t>(1 + g % 4), 100 - g);
    const auto folds = group_folds(groups, 5, core::Rng(1));
    std::map<int, std::set<int>> folds_of, groups_of;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        folds_of[groups[i]].insert(folds[i]);
        groups_of[folds[i]].insert(groups[i]);
    }
    for (const auto& [group, own] : folds_of) EXPECT_EQ(own.size(), 1U);
    EXPECT_EQ(groups_of.size(), 5U);
    for (const auto& [fold, own] : groups_of) EXPECT_TRUE(own.size() == 4 || own.size() == 5);
    EXPECT_NE(folds, group_folds(groups, 5, core::Rng(2)));
}

TEST(AdaptiveSwitching, KeepsTheHighestMeanMinusDeviation) {
    const Problem p = additive(60, 1);
    AdaptiveSwitching switching({.folds = 4});
    switching.fit(p.x, p.y, p.groups, core::Rng(1));
    ASSERT_EQ(switching.errors().size(), 5U);
    EXPECT_EQ(switching.errors().back().name, kMeanOfAll);
    for (const SurrogateErrors& e : switching.errors()) {
        EXPECT_LE(e.kendall - e.kendall_deviation, switching.chosen().score()) << e.name;
        EXPECT_GT(e.kendall, 0.5) << e.name;
        EXPECT_GT(e.spearman, e.kendall) << e.name;
        EXPECT_GT(e.rmse, 0) << e.name;
    }
}

TEST(AdaptiveSwitching, IsRefittedOnAllAndCarriesTheGaussianProcessesDeviation) {
    const Problem p = additive(60, 1);
    AdaptiveSwitching switching({.folds = 4});
    switching.fit(p.x, p.y, p.groups, core::Rng(1));
    const auto predicted = switching.predict(p.x);
    const auto gp = surrogate_named("gp").make();
    gp->fit(p.x, p.y, core::Rng(1).stream("gp"));
    const auto alone = gp->predict(p.x);
    std::vector<double> means;
    for (std::size_t i = 0; i < predicted.size(); ++i) {
        EXPECT_EQ(predicted[i].deviation, alone[i].deviation);
        means.push_back(predicted[i].mean);
    }
    EXPECT_GT(core::kendall_tau(means, p.y), 0.9);
}

TEST(AdaptiveSwitching, SameSeedSameChoice) {
    const Problem p = additive(40, 2);
    const auto figures = [&](std::uint64_t seed) {
        AdaptiveSwitching switching({.folds = 3});
        switching.fit(p.x, p.y, p.groups, core::Rng(seed));
        std::vector<double> all;
        for (const SurrogateErrors& e : switching.errors()) all.insert(all.end(), {e.rmse, e.kendall, e.spearman});
        for (const Prediction& q : switching.predict(p.x)) all.push_back(q.mean);
        return all;
    };
    EXPECT_EQ(figures(1), figures(1));
    EXPECT_NE(figures(1), figures(2));
}

TEST(AdaptiveSwitching, FitsWhatTheSmallestInitialDesignGives) {
    for (const int per_group : {1, 2, 5}) {
        const Problem p = additive(2 * per_group, per_group);  // two architectures
        AdaptiveSwitching switching;
        switching.fit(p.x, p.y, p.groups, core::Rng(1));
        EXPECT_TRUE(std::isfinite(switching.predict(p.x)[0].mean)) << per_group;
    }
}

TEST(AdaptiveSwitching, TheMeanOfAllCarriesADeviationToo) {
    const Problem p = additive(40, 1);
    AdaptiveSwitching mean({.only = kMeanOfAll}), gp({.only = "gp"});
    for (AdaptiveSwitching* s : {&mean, &gp}) s->fit(p.x, p.y, p.groups, core::Rng(1));
    EXPECT_GT(mean.predict({{9, 9, 9}})[0].deviation, 0);
    EXPECT_DOUBLE_EQ(mean.predict({{9, 9, 9}})[0].deviation, gp.predict({{9, 9, 9}})[0].deviation);
}

TEST(AdaptiveSwitching, WithOneGroupTheMeanIsKept) {
    const Problem p = additive(10, 10);
    AdaptiveSwitching switching;
    switching.fit(p.x, p.y, p.groups, core::Rng(1));
    EXPECT_EQ(switching.chosen().name, kMeanOfAll);
    EXPECT_TRUE(switching.errors().empty());
    EXPECT_TRUE(std::isfinite(switching.predict(p.x)[0].mean));
}

}  // namespace
}  // namespace nachos::optimize
