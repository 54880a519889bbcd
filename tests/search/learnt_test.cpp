#include "search/learnt.h"

#include "search/engine.h"
#include "search/fake.h"
#include "search/finalists.h"

#include <gtest/gtest.h>

namespace nachos::search {
namespace {

std::vector<arch::ArchSpec> some_architectures(const arch::SearchSpace& space, int count) {
    core::Rng rng(5);
    std::vector<arch::ArchSpec> specs;
    for (int i = 0; i < count; ++i) specs.push_back(space.decode(space.sample(rng)));
    return specs;
}

SearchOptions options_of(int evaluations) {
    SearchOptions options;
    options.evaluations = evaluations;
    options.initial = 8;
    options.batch = 4;
    options.surrogate = "rbf";
    options.population = 20;
    options.generations = 2;
    return options;
}

TEST(DifferentiableSearch, EvaluatesWhatWasLearntInOrderAndNothingTwice) {
    FakeTask task = wide_task();
    SearchProblem problem = task.problem();
    problem.learnt = some_architectures(task.space, 20);
    problem.learnt[3] = problem.learnt[1];
    const auto result = engine_named("differentiable").run(problem, options_of(10), core::Rng(1), {});
    ASSERT_EQ(result.archive.size(), 10U);
    std::vector<arch::ArchSpec> expected = problem.learnt;
    expected.erase(expected.begin() + 3);
    expected.resize(10);
    EXPECT_EQ(task.asked, expected);
    EXPECT_EQ(task.batches, (std::vector<std::size_t>{4, 4, 2}));
}

TEST(DifferentiableSearch, EndsWhereWhatWasLearntEnds) {
    FakeTask task = wide_task();
    SearchProblem problem = task.problem();
    problem.learnt.assign(30, task.space.smallest());
    problem.learnt.push_back(task.space.largest());
    // Both without exits: they come with exits made by hand too, so that it is known whether exits pay.
    problem.budgets.resize(2);
    const auto result = engine_named("differentiable").run(problem, options_of(100), core::Rng(1), {});
    ASSERT_EQ(result.archive.size(), 3U);
    EXPECT_EQ(result.archive[0].arch, task.space.smallest());
    EXPECT_EQ(result.archive[1].arch, with_hand_made_exits(task.space.smallest(), task.space));
    EXPECT_EQ(result.archive[2].arch, task.space.largest());
}

TEST(DifferentiableSearch, RepairsWhatBreaksALimitThatNeedsNoData) {
    FakeTask task = wide_task();
    study::Limits limits;
    limits.max_worst_macs = 2e6;
    SearchProblem problem = task.problem(limits);
    problem.learnt = {task.space.largest()};
    const auto result = engine_named("differentiable").run(problem, options_of(10), core::Rng(1), {});
    ASSERT_GE(result.archive.size(), 1U);
    EXPECT_LE(result.archive[0].costs.executed_macs.back(), 2'000'000);
}

TEST(HybridSearch, BeginsWithWhatWasLearntAndGoesOnAsNachos) {
    FakeTask task = wide_task();
    SearchProblem problem = task.problem();
    problem.learnt = some_architectures(task.space, 20);
    const auto result = engine_named("hybrid").run(problem, options_of(16), core::Rng(1), {});
    ASSERT_EQ(result.archive.size(), 16U);
    for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(task.asked[i], problem.learnt[i]);  // three quarters of 8
    EXPECT_EQ(task.asked[6], task.space.smallest());
    EXPECT_EQ(task.asked[7], task.space.largest());
}

study::Evaluation evaluation(const arch::ArchSpec& arch, double cost, double accuracy) {
    study::Evaluation e{.arch = arch, .fidelity = "inherit", .error = {}, .costs = {}, .curve = {}, .table_file = {}};
    e.costs.executed_macs = {static_cast<std::int64_t>(2 * cost)};
    study::CurvePoint p;
    p.point.avg_cost = cost;
    p.point.accuracy = accuracy;
    e.curve.push_back(p);
    return e;
}

struct Designs {
    FakeTask task = wide_task();
    arch::ArchSpec plain = task.space.smallest(), bigger = task.space.largest();
    arch::ArchSpec exits = with_hand_made_exits(plain, task.space);

    static LearntDesign at(double budget, const arch::ArchSpec& arch, double expected) {
        LearntDesign d;
        d.budget_macs = budget;
        d.arch = arch;
        d.expected_macs = expected;
        return d;
    }
};

TEST(Collapse, OneArchitectureForBudgetsThatSpanAFactorOfTwo) {
    const Designs d;
    const std::vector<LearntDesign> wide{d.at(100, d.exits, 100), d.at(200, d.exits, 150)},
        narrow{d.at(100, d.exits, 100), d.at(150, d.exits, 120)};
    EXPECT_NE(collapse_of(wide, {}).value_or("").find("all 2 budgets have the same architecture"), std::string::npos);
    EXPECT_FALSE(collapse_of(narrow, {}));
}

TEST(Collapse, NoExitsWhereTheyPay) {
    const Designs d;
    const std::vector<LearntDesign> designs{d.at(100, d.plain, 100), d.at(200, d.bigger, 200)};
    const std::vector<study::Evaluation> paying{evaluation(d.plain, 90, 0.8), evaluation(d.exits, 90, 0.81)},
        not_paying{evaluation(d.plain, 90, 0.8), evaluation(d.exits, 90, 0.803)};
    EXPECT_EQ(collapse_of(designs, paying), "no design has an exit, though exits pay");
    EXPECT_FALSE(collapse_of(designs, not_paying));
}

TEST(Collapse, BudgetsIgnoredUnlessNothingMeetsThem) {
    const Designs d;
    const std::vector<LearntDesign> designs{d.at(50, d.exits, 200), d.at(100, d.exits, 140), d.at(180, d.bigger, 180)};
    EXPECT_FALSE(collapse_of(designs, std::vector{evaluation(d.exits, 90, 0.8)}));  // one of the two that can be met
    EXPECT_NE(collapse_of(designs, std::vector{evaluation(d.exits, 40, 0.8)}).value_or("").find("2 of 3 designs"),
              std::string::npos);
}

TEST(FillTuned, TakesThePointOfTheBudgetOrTheNextLower) {
    const Designs d;
    study::Evaluation e = evaluation(d.exits, 90, 0.8);
    e.curve.push_back(e.curve.front());
    e.curve[1].budget_index = 2;
    e.curve[1].point.avg_cost = 290;
    std::vector<LearntDesign> designs{d.at(200, d.exits, 0), d.at(300, d.exits, 0), d.at(300, d.plain, 0)};
    fill_tuned(designs, std::vector{e}, {100, 200, 300});
    EXPECT_EQ(designs[0].tuned_macs, 90);
    EXPECT_EQ(designs[1].tuned_macs, 290);
    EXPECT_EQ(designs[1].worst_macs, 180);
    EXPECT_FALSE(designs[2].tuned_macs);
}

}  // namespace
}  // namespace nachos::search
