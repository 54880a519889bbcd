#include "search/finalists.h"

#include "search/fake.h"

#include <gtest/gtest.h>

#include <map>

namespace nachos::search {
namespace {

/// A fake archive of 60 samples, the smallest and the largest architecture, and its axes.
struct Searched {
    FakeTask task = wide_task();
    study::Limits limits;
    HypervolumeAxes axes;
    std::vector<study::Evaluation> archive;

    explicit Searched(double max_avg_macs = 4e6) {
        limits.max_avg_macs = max_avg_macs;
        axes = axes_of(task.space, limits, costs());
        std::vector<arch::ArchSpec> specs{task.space.smallest(), task.space.largest()};
        core::Rng rng(2);
        for (int i = 0; i < 60; ++i) specs.push_back(task.space.decode(task.space.sample(rng)));
        archive = task.problem(limits).evaluate(specs);
    }

    std::function<study::ArchCosts(const arch::ArchSpec&)> costs() {
        return [this](const arch::ArchSpec& spec) { return exact_costs(task.space, spec); };
    }
    std::map<std::string, Comparator> compared(const arch::ArchSpec& design) {
        std::map<std::string, Comparator> by_name;
        for (const Comparator& c : comparators_of(design, "max_prob", archive, limits, task.space, costs()))
            EXPECT_TRUE(by_name.emplace(c.name, c).second) << c.name << " twice";
        return by_name;
    }
    std::int64_t worst(const arch::ArchSpec& spec) { return exact_costs(task.space, spec).executed_macs.back(); }
    /// A sample with exits at some sites but not at all.
    const arch::ArchSpec& design() const {
        return std::find_if(archive.begin() + 2, archive.end(), [](const auto& e) { return e.arch.placed_exits() == 2; })
            ->arch;
    }
};

TEST(Finalists, TheMostAccurateFirstThenWhatAddsMostHypervolume) {
    Searched s;
    const std::vector<int> chosen = finalists(s.archive, s.limits, s.axes, 3);
    ASSERT_EQ(chosen.size(), 3U);
    EXPECT_EQ(chosen[0], admissible_front(s.archive, s.limits).back().evaluation);
    const auto volume = [&](std::vector<int> indices) {
        std::vector<study::Evaluation> some;
        for (const int i : indices) some.push_back(s.archive[static_cast<std::size_t>(i)]);
        return hypervolume(some, s.limits, s.axes);
    };
    for (int i = 0; i < static_cast<int>(s.archive.size()); ++i) {
        EXPECT_GE(volume({chosen[0], chosen[1]}), volume({chosen[0], i}));
        EXPECT_GE(volume({chosen[0], chosen[1], chosen[2]}), volume({chosen[0], chosen[1], i}));
    }
}

TEST(Finalists, FewerWhereTheFrontHoldsFewerAndNoneWhereNothingIsAdmissible) {
    Searched s;
    const auto all = finalists(s.archive, s.limits, s.axes, 1000);
    std::set<int> on_front;
    for (const Design& d : admissible_front(s.archive, s.limits)) on_front.insert(d.evaluation);
    EXPECT_EQ(std::set<int>(all.begin(), all.end()), on_front);
    s.limits.max_avg_macs = 1;
    EXPECT_TRUE(finalists(s.archive, s.limits, s.axes, 3).empty());
}

TEST(Comparators, ShareTheDesignsBackboneOrAreTheBestPlainOne) {
    Searched s;
    const arch::ArchSpec design = s.design();
    const auto by_name = s.compared(design);
    ASSERT_EQ(by_name.size(), comparator_rows().size());
    EXPECT_EQ(by_name.at("no-exits").arch, arch::without_exits(design));
    EXPECT_EQ(by_name.at("edanas").arch, design);
    EXPECT_EQ(by_name.at("edanas").measure, "score_margin");
    EXPECT_FALSE(by_name.at("edanas").own);
    EXPECT_FALSE(by_name.at("branchynet").gates);
    EXPECT_EQ(by_name.at("branchynet").measure, "entropy");
    EXPECT_EQ(arch::without_exits(by_name.at("branchynet").arch), arch::without_exits(design));
    double best = 0;
    for (const study::Evaluation& e : s.archive) {
        if (e.arch.placed_exits() > 0 || e.curve.empty()) continue;
        best = std::max(best, e.curve.back().point.accuracy);
    }
    const auto plain = by_name.at("best-plain").arch;
    EXPECT_EQ(plain.placed_exits(), 0);
    EXPECT_EQ(fake_evaluation(s.task.space, plain, s.task.problem(s.limits).budgets).curve.back().point.accuracy, best);
}

TEST(Comparators, HandMadeExitsComeNearestToTheDesignsWorstCase) {
    Searched s;
    const arch::ArchSpec design = s.design();
    s.limits.max_avg_macs.reset();
    const arch::ArchSpec made = s.compared(design).at("branchynet").arch;
    const auto gap = [&](const arch::ArchSpec& spec) { return std::abs(s.worst(spec) - s.worst(design)); };
    EXPECT_GE(made.placed_exits(), 1);
    for (unsigned sites = 1; sites < 8; ++sites) {
        arch::ArchSpec other = made;
        for (std::size_t i = 0; i < 3; ++i)
            other.exits[i] = (sites >> i & 1U) != 0 ? arch::ExitSpec{true, 1, 32, 2} : arch::ExitSpec{};
        EXPECT_LE(gap(made), gap(other)) << sites;
    }
}

TEST(Comparators, HandMadeExitsCanMeetTheLimits) {
    Searched s;
    const arch::ArchSpec design = s.design();
    const auto first_exit = [&](unsigned sites) {
        arch::ArchSpec spec = arch::without_exits(design);
        for (std::size_t i = 0; i < 3; ++i)
            if ((sites >> i & 1U) != 0) spec.exits[i] = arch::ExitSpec{true, 1, 32, 2};
        return static_cast<double>(exact_costs(s.task.space, spec).executed_macs.front());
    };
    s.limits.max_avg_macs = (first_exit(1) + first_exit(2)) / 2;  // only exits at the first site are cheap enough
    EXPECT_TRUE(s.compared(design).at("branchynet").arch.exits.front().placed);
    s.limits.max_avg_macs = first_exit(1) - 1;
    EXPECT_FALSE(s.compared(design).contains("branchynet"));
}

TEST(Comparators, ADesignWithoutExitsIsNotComparedWithItself) {
    Searched s;
    const auto plain = s.compared(s.design()).at("best-plain").arch;
    const auto by_name = s.compared(plain);
    EXPECT_EQ(by_name.size(), 1U);
    EXPECT_TRUE(by_name.contains("branchynet"));
}

TEST(Comparators, NoPlainNetworkWhereNoneMeetsTheLimits) {
    Searched s;
    s.limits.max_avg_macs = 0.9 * static_cast<double>(s.worst(s.task.space.smallest()));
    EXPECT_FALSE(s.compared(s.design()).contains("best-plain"));
}

}  // namespace
}  // namespace nachos::search
