#include "search/engine.h"

#include "core/expect_error.h"
#include "search/fake.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace nachos::search {
namespace {

/// 32 architectures: three exits to place, one width and the stem's stride to choose.
FakeTask small_task() {
    arch::SpaceOptions options;
    options.depth = {{1}, {1}, {1}, {1}};
    options.width = {{8}, {16}, {32}, {48, 64}};
    options.stem_width = {16};
    options.stem_stride = {1, 2};
    options.kernel = {3};
    options.expand = {2};
    const arch::TaskShape task{.resolution = 32, .channels = 3, .classes = 10};
    arch::SpaceData data = arch::make_space(options, task).data();
    data.exit_convs = {0};
    return FakeTask(arch::SearchSpace(data, task));
}

std::vector<std::string> ids(const std::vector<arch::ArchSpec>& specs) {
    std::vector<std::string> all;
    for (const auto& spec : specs) all.push_back(arch::arch_id(spec));
    return all;
}

/// A single cheap surrogate and few generations: these tests are about what every engine promises.
SearchOptions fast_options() {
    SearchOptions options;
    options.surrogate = "rbf";
    options.population = 20;
    options.generations = 4;
    return options;
}

SearchResult run(FakeTask& task, const char* engine, int evaluations, std::uint64_t seed, const study::Limits& limits = {}) {
    SearchOptions options = fast_options();
    options.evaluations = evaluations;
    return engine_named(engine).run(task.problem(limits), options, core::Rng(seed), {});
}

/// Answers without any operating point: nothing is admissible, or with `error` everything fails.
study::Evaluator without_curves(const FakeTask& task, const std::string& error = "") {
    return [&task, error](std::span<const arch::ArchSpec> specs) {
        std::vector<study::Evaluation> answers(specs.size());
        for (std::size_t i = 0; i < specs.size(); ++i) {
            answers[i].arch = specs[i];
            answers[i].costs = exact_costs(task.space, specs[i]);
            answers[i].error = error;
        }
        return answers;
    };
}

class EveryEngine : public testing::TestWithParam<const char*> {};

TEST_P(EveryEngine, EvaluatesExactlyWhatWasAskedNothingTwice) {
    FakeTask task = wide_task();
    const SearchResult result = run(task, GetParam(), 150, 1);
    EXPECT_EQ(result.archive.size(), 150U);
    const auto all = ids(task.asked);
    EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), 150U);
    for (const std::size_t batch : task.batches) EXPECT_LE(batch, 16U);
    EXPECT_EQ(all[0], arch::arch_id(task.space.smallest()));
    EXPECT_EQ(all[1], arch::arch_id(task.space.largest()));
}

TEST_P(EveryEngine, HistoryHasOneEntryABatchAndHypervolumeNeverFalls) {
    FakeTask task = wide_task();
    SearchOptions options = fast_options();
    options.evaluations = 100;
    std::vector<SearchStep> seen;
    const auto problem = task.problem();
    const SearchResult result =
        engine_named(GetParam()).run(problem, options, core::Rng(1), [&](const SearchStep& step) { seen.push_back(step); });
    ASSERT_EQ(result.history.size(), task.batches.size());
    ASSERT_EQ(seen.size(), task.batches.size());
    for (std::size_t k = 1; k < seen.size(); ++k) EXPECT_GE(seen[k].hypervolume, seen[k - 1].hypervolume);
    EXPECT_EQ(seen.back().evaluations, 100);
    EXPECT_EQ(seen.back().total, 100);
    EXPECT_EQ(seen.back().feasible_share, 1);
    BestPoint best;  // without limits all are admissible
    for (const study::Evaluation& e : result.archive)
        for (const study::CurvePoint& p : e.curve)
            if (p.point.accuracy > best.accuracy || (p.point.accuracy == best.accuracy && p.point.avg_cost < best.avg_macs))
                best = {p.point.accuracy, p.point.avg_cost};
    EXPECT_EQ(seen.back().best, best);
    EXPECT_EQ(seen.back().hypervolume, hypervolume(result.archive, {}, axes_of(task.space, {}, problem.costs)));
}

TEST_P(EveryEngine, SameSeedSameSearch) {
    FakeTask a = wide_task(), b = wide_task(), c = wide_task();
    run(a, GetParam(), 80, 5);
    run(b, GetParam(), 80, 5);
    run(c, GetParam(), 80, 6);
    EXPECT_EQ(ids(a.asked), ids(b.asked));
    EXPECT_NE(ids(a.asked), ids(c.asked));
}

TEST_P(EveryEngine, LimitsThatNeedNoDataHoldForAllThatIsEvaluated) {
    study::Limits limits;
    limits.max_params = 30000;
    limits.max_worst_macs = 3e6;
    limits.max_peak_activation_bytes = 200000;
    FakeTask task = wide_task();
    run(task, GetParam(), 80, 1, limits);
    EXPECT_EQ(task.asked.size(), 80U);
    for (const auto& spec : task.asked) EXPECT_TRUE(study::violations(limits, exact_costs(task.space, spec)).empty());
}

TEST_P(EveryEngine, AverageBelowTheSmallestNetworkIsMetByEarlyExits) {
    FakeTask task = wide_task();
    study::Limits limits;
    limits.max_avg_macs = 0.9 * static_cast<double>(exact_costs(task.space, task.space.smallest()).executed_macs.back());
    const SearchResult result = run(task, GetParam(), 40, 1, limits);
    EXPECT_EQ(result.archive.size(), 40U);
    for (const auto& e : result.archive) EXPECT_GT(e.arch.placed_exits(), 0);
    EXPECT_GT(result.history.back().feasible_share, 0);
}

TEST_P(EveryEngine, ALatencyLimitHoldsOnTheFront) {
    FakeTask task = wide_task();
    study::Limits limits;
    limits.max_avg_latency_us = 130;
    const SearchResult result = run(task, GetParam(), 80, 1, limits);
    const auto front = admissible_front(result.archive, limits);
    ASSERT_FALSE(front.empty());
    for (const Design& d : front) {
        const study::Evaluation& e = result.archive[static_cast<std::size_t>(d.evaluation)];
        EXPECT_LE(e.costs.latency_us.front(), 130);
        EXPECT_LE(study::avg_latency_us(e.costs.latency_us, e.curve[static_cast<std::size_t>(d.point)].point), 130);
    }
    EXPECT_GT(admissible_front(result.archive, {}).size(), front.size());  // it does keep something out
    for (const auto& spec : task.asked) EXPECT_LE(exact_costs(task.space, spec).latency_us.front(), 130);
}

TEST_P(EveryEngine, LatencyMayBeWhatAccuracyIsTradedAgainst) {
    if (GetParam() == std::string("nachos-paper")) GTEST_SKIP() << "published for MACs";
    constexpr auto kUnit = study::CostUnit::latency_us;
    FakeTask task = wide_task();
    study::Limits limits;
    limits.max_avg_latency_us = 200;
    const SearchProblem problem = task.problem(limits, kUnit);
    SearchOptions options = fast_options();
    options.evaluations = 100;
    const SearchResult result = engine_named(GetParam()).run(problem, options, core::Rng(1), {});
    const HypervolumeAxes axes = axes_of(task.space, limits, problem.costs, kUnit);
    EXPECT_EQ(axes.max_cost, 200);
    EXPECT_EQ(result.history.back().hypervolume, hypervolume(result.archive, limits, axes));
    const auto front = admissible_front(result.archive, limits, kUnit);
    ASSERT_GT(front.size(), 3U);
    double last = 0, accuracy = -1;
    for (const Design& d : front) {
        const study::Evaluation& e = result.archive[static_cast<std::size_t>(d.evaluation)];
        const auto& point = e.curve[static_cast<std::size_t>(d.point)].point;
        const double us = study::average_cost(e.costs, point, kUnit);
        EXPECT_GT(us, last);
        EXPECT_LE(us, 200);
        EXPECT_GT(point.accuracy, accuracy);
        last = us;
        accuracy = point.accuracy;
    }
}

TEST_P(EveryEngine, NoArchitectureWithinTheLimitsIsAnError) {
    FakeTask task = small_task();
    study::Limits limits;
    limits.max_params = 10;
    test::expect_error(ErrorKind::inadmissible, {"mbv3-small", "max_params is ", "at most 10 is allowed", "10000"},
                       [&] { run(task, GetParam(), 10, 1, limits); });
    EXPECT_TRUE(task.asked.empty());
}

TEST_P(EveryEngine, StopsWhenTheSpaceIsExhausted) {
    FakeTask task = small_task();
    const SearchResult result = run(task, GetParam(), 100, 1);
    EXPECT_EQ(result.archive.size(), 32U);
    const auto all = ids(task.asked);
    EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), 32U);
}

TEST_P(EveryEngine, AFailedCandidateShiftsNobody) {
    FakeTask plain = wide_task();
    run(plain, GetParam(), 40, 1);
    FakeTask task = wide_task();
    task.failing = {ids(plain.asked)[0], ids(plain.asked)[7], ids(plain.asked)[20]};
    const SearchResult result = run(task, GetParam(), 100, 1);
    const auto budgets = task.problem().budgets;
    ASSERT_EQ(result.archive.size(), 100U);
    int failed = 0;
    for (std::size_t i = 0; i < 100; ++i) {
        const auto& e = result.archive[i];
        EXPECT_EQ(e.arch, task.asked[i]);
        failed += e.ok() ? 0 : 1;
        if (!e.ok()) continue;
        const auto own = fake_evaluation(task.space, task.asked[i], budgets);
        ASSERT_EQ(e.curve.size(), own.curve.size());
        for (std::size_t p = 0; p < own.curve.size(); ++p) EXPECT_EQ(e.curve[p].point.accuracy, own.curve[p].point.accuracy);
    }
    EXPECT_EQ(failed, 3);
}

TEST_P(EveryEngine, GivesUpWhenEverythingFails) {
    FakeTask task = small_task();
    auto problem = task.problem();
    problem.evaluate = without_curves(task, "no memory");
    SearchOptions options = fast_options();
    options.evaluations = 30;
    test::expect_error(ErrorKind::runtime, {"candidates failed, ", "of them with: no memory"},
                       [&] { engine_named(GetParam()).run(problem, options, core::Rng(1), {}); });
}

TEST_P(EveryEngine, GoesOnWhenNothingIsAdmissible) {
    FakeTask task = small_task();
    auto problem = task.problem();
    problem.evaluate = without_curves(task);
    SearchOptions options = fast_options();
    options.evaluations = 30;
    const SearchResult result = engine_named(GetParam()).run(problem, options, core::Rng(1), {});
    EXPECT_EQ(result.archive.size(), 30U);
    EXPECT_EQ(result.history.back().hypervolume, 0);
    EXPECT_EQ(result.history.back().feasible_share, 0);
}

TEST_P(EveryEngine, AnEvaluatorThatLosesAnAnswerIsAnError) {
    FakeTask task = small_task();
    auto problem = task.problem();
    problem.evaluate = [](std::span<const arch::ArchSpec> specs) {
        return std::vector<study::Evaluation>(specs.size() - 1);
    };
    test::expect_error(ErrorKind::runtime, {"answered 7 of 8"},
                       [&] { engine_named(GetParam()).run(problem, {}, core::Rng(1), {}); });
}

TEST_P(EveryEngine, TinyNumbersAndBatchesAreKept) {
    for (const int evaluations : {1, 2, 3, 45}) {
        FakeTask task = wide_task();
        SearchOptions options = fast_options();
        options.evaluations = evaluations;
        options.batch = 1;
        engine_named(GetParam()).run(task.problem(), options, core::Rng(1), {});
        EXPECT_EQ(task.batches, std::vector<std::size_t>(static_cast<std::size_t>(evaluations), 1));
    }
}

INSTANTIATE_TEST_SUITE_P(Engines, EveryEngine, testing::Values("random", "nsga2", "nachos", "nachos-paper", "hybrid"),
                         [](const auto& info) {
                             std::string name = info.param;
                             std::erase(name, '-');
                             return name;
                         });

TEST(Nsga2Engine, BeatsRandomSearchAtEqualEvaluations) {
    study::Limits tight;
    tight.max_avg_macs = 3e6;
    tight.min_accuracy = 0.5;
    for (const study::Limits& limits : {study::Limits{}, tight}) {
        for (std::uint64_t seed = 1; seed <= 8; ++seed) {
            FakeTask a = wide_task(), b = wide_task();
            EXPECT_GT(run(a, "nsga2", 200, seed, limits).history.back().hypervolume,
                      run(b, "random", 200, seed, limits).history.back().hypervolume)
                << "seed " << seed;
        }
    }
}

void expect_nachos_beats_random(const study::Limits& limits, int evaluations, std::uint64_t seed) {
    FakeTask a = wide_task(), b = wide_task();
    SearchOptions options;
    options.evaluations = evaluations;
    options.surrogate = "gp";
    const auto search = engine_named("nachos").run(a.problem(limits), options, core::Rng(seed), {});
    EXPECT_GT(search.history.back().hypervolume, run(b, "random", evaluations, seed, limits).history.back().hypervolume)
        << "seed " << seed;
}

TEST(NachosEngine, BeatsRandomSearchAtEqualEvaluations) {
    for (std::uint64_t seed = 1; seed <= 2; ++seed) expect_nachos_beats_random({}, 72, seed);
}

TEST(NachosEngineSlow, BeatsRandomSearchOverManySeeds) {
    study::Limits tight;
    tight.max_avg_macs = 3e6;
    tight.min_accuracy = 0.5;
    for (const study::Limits& limits : {study::Limits{}, tight})
        for (std::uint64_t seed = 1; seed <= 5; ++seed) expect_nachos_beats_random(limits, 120, seed);
}

TEST(NachosEngine, HistoryTellsWhatTheSurrogatesDid) {
    FakeTask task = wide_task();
    SearchOptions options = fast_options();
    options.evaluations = 14;
    options.initial = 8;
    options.batch = 3;
    options.surrogate = "adaptive";
    const auto history = engine_named("nachos").run(task.problem(), options, core::Rng(1), {}).history;
    for (const SearchStep& step : history) {
        EXPECT_GT(step.seconds, 0);
        EXPECT_EQ(step.surrogates.has_value(), step.evaluations > 8);
    }
    const SurrogateQuality quality = history.back().surrogates.value();
    EXPECT_GT(quality.error_kendall, 0.2);
    EXPECT_GT(quality.error_rmse, 0);
    EXPECT_FALSE(quality.cost_model.empty());
}

TEST(NachosEngine, EndsWithoutPatience) {
    FakeTask task = small_task();
    auto problem = task.problem();
    problem.evaluate = without_curves(task);  // nothing ever gains
    SearchOptions options = fast_options();
    options.evaluations = 30;
    options.initial = 10;
    options.batch = 2;
    options.patience = 3;
    const auto result = engine_named("nachos").run(problem, options, core::Rng(1), {});
    EXPECT_EQ(result.archive.size(), 16U);  // the initial design and three batches
}

TEST(Engines, GiveUpWhereMostCandidatesFail) {
    FakeTask task = wide_task();
    auto problem = task.problem();
    int asked = 0;
    problem.evaluate = [&](std::span<const arch::ArchSpec> specs) {
        std::vector<study::Evaluation> answers(specs.size());
        for (std::size_t i = 0; i < specs.size(); ++i) {
            answers[i] = fake_evaluation(task.space, specs[i], problem.budgets);
            if (++asked % 3 == 0) continue;
            answers[i].error = asked % 3 == 1 && asked < 8 ? "no memory" : "not finite";
            answers[i].curve.clear();
        }
        return answers;
    };
    SearchOptions options = fast_options();
    options.evaluations = 30;
    options.initial = 4;
    options.batch = 4;
    test::expect_error(ErrorKind::runtime, {"8 of 12 candidates failed, 5 of them with: not finite"},
                       [&] { engine_named("random").run(problem, options, core::Rng(1), {}); });
}

TEST(Engines, EndAfterTheirHoursAndThereAgainWhenReplayed) {
    FakeTask task = wide_task();
    auto problem = task.problem();
    problem.recorded_seconds = [](int) { return 1500; };
    SearchOptions options = fast_options();
    options.evaluations = 60;
    options.initial = 10;
    options.batch = 5;
    options.max_hours = 1;
    for (const char* engine : {"random", "nsga2", "nachos", "nachos-paper"}) {
        const auto result = engine_named(engine).run(problem, options, core::Rng(1), {});
        EXPECT_EQ(result.archive.size(), 15U) << engine;  // 3000 s are less than an hour, 4500 s are not
    }
    options.max_hours = 0;
    EXPECT_EQ(engine_named("random").run(problem, options, core::Rng(1), {}).archive.size(), 60U);
}

TEST(Engines, UnknownNamesListTheKnown) {
    EXPECT_EQ(engines().size(), 7U);
    test::expect_error(ErrorKind::usage,
                       {"'annealing'", "nachos, nachos-paper, nsga2, differentiable, hybrid, random, given"},
                       [] { engine_named("annealing"); });
}

}  // namespace
}  // namespace nachos::search
