#include "report/engine_comparison.h"

#include "core/expect_error.h"
#include "report/sample.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace nachos::report {
namespace {

EngineComparison comparison() {
    return {.data = "made up",
            .floor = "random",
            .seeds = {4, 5},
            .runs = {{"random", 4, {{50, 0.3, 0.31}, {100, 0.4, 0.41}}, 9},
                     {"nachos", 4, {{50, 0.4, 0.35}, {100, 0.5, 0.40}}, 20},
                     {"random", 5, {{50, 0.3, 0.31}, {100, 0.4, 0.41}}, 9},
                     {"nachos", 5, {{50, 0.3, 0.35}, {100, 0.39, 0.45}}, 20}}};
}

TEST(EngineComparison, CountsWhoIsAboveTheFloor) {
    const std::string table = engines_table(comparison());
    EXPECT_NE(table.find("nachos: above random in 1 of 2 searches, 1 on held-out data; with half the evaluations in 1\n"),
              std::string::npos)
        << table;
    EXPECT_EQ(table.find("random: above"), std::string::npos) << table;
    EXPECT_NE(table.find("+0.1000"), std::string::npos) << table;
    EXPECT_NE(table.find("never"), std::string::npos) << table;
    const auto json = nlohmann::json::parse(engines_json(comparison()));
    EXPECT_EQ(json["runs"][1]["evaluations_to_floor"], 50);
    EXPECT_TRUE(json["runs"][3]["evaluations_to_floor"].is_null());
    EXPECT_NEAR(json["runs"][3]["hypervolume_over_floor"], -0.01, 1e-12);
    EXPECT_NEAR(json["runs"][3]["held_out_over_floor"], 0.04, 1e-12);
    EXPECT_NE(engines_csv(comparison()).find("\nnachos,5,100,0.39,0.45\n"), std::string::npos);
}

TEST(EngineComparison, ASearchIsKeptAsText) {
    const EngineRun run = comparison().runs[1];
    const EngineRun again = engine_run_from_json(to_json(run), "here");
    EXPECT_EQ(to_json(again), to_json(run));
    EXPECT_EQ(again.steps[1].held_out, 0.40);
    EXPECT_EQ(again.seed, 4U);
    for (const char* text : {"{}", "no", R"({"engine":"a","seed":1,"seconds":0,"supernet_seconds":0,"steps":[]})"})
        nachos::test::expect_error(ErrorKind::bad_data, {"here"}, [&] { engine_run_from_json(text, "here"); });
}

TEST(EngineComparison, HeldOutFiguresAreThoseOfTheSearchedDesigns) {
    const Snapshot s = test::sample_snapshot();  // of each architecture one design lies on the front
    const search::HypervolumeAxes axes = s.axes();
    EXPECT_EQ(held_out_hypervolume(s.evaluations, s.evaluations, s.facts.limits, axes),
              search::hypervolume(s.evaluations, s.facts.limits, axes));
    // Elsewhere the first is worse and the second was dominated at its budget: the next lower one counts, what lies above
    // not.
    std::vector<study::Evaluation> held_out = s.evaluations;
    held_out[0].curve = {test::sample_point(3, 0.7, 100000)};
    held_out[1].curve = {test::sample_point(6, 0.85, 190000), test::sample_point(12, 0.99, 240000)};
    std::vector<study::Evaluation> expected = held_out;
    expected[1].curve.pop_back();
    EXPECT_EQ(held_out_hypervolume(s.evaluations, held_out, s.facts.limits, axes),
              search::hypervolume(expected, s.facts.limits, axes));
    held_out.clear();
    EXPECT_EQ(held_out_hypervolume(s.evaluations, held_out, s.facts.limits, axes), 0);
}

}  // namespace
}  // namespace nachos::report
