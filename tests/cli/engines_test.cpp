#include "cli/program.h"
#include "study/store.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <map>

namespace nachos::cli {
namespace {

using nlohmann::json;
using test::kTinyConfig;
using test::Outcome;
using test::run_program;
using test::TempFolder;

std::vector<std::string> bench_engines(const std::filesystem::path& folder, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"bench", "engines", kTinyConfig, "seed=2", "supernet.epochs=1", "search.evaluations=16",
                               "limits.min_accuracy=none", "--out", folder.string(), "--seeds", "1", "--engines", "nsga2",
                               "--progress", "off"});
    return more;
}

TEST(EnginesCommand, KnowsItsEngines) {
    const Outcome outcome = run_program("nachos", {"bench", "engines", kTinyConfig, "--engines", "random,annealing"});
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_NE(outcome.err.find("annealing"), std::string::npos) << outcome.err;
    EXPECT_NE(outcome.err.find("nachos-paper"), std::string::npos) << outcome.err;
}

class Engines : public testing::Test {
  protected:
    void SetUp() override {
        if (!test::built("nachos-train")) GTEST_SKIP() << "skipped: built without libtorch";
    }
    const TempFolder folder_;
};

TEST_F(Engines, SearchOneSupernetAndAreMeasuredOnHeldOutData) {
    const auto out = folder_ / "engines";
    const Outcome stopped = run_program("nachos", bench_engines(out, {"--max-hours", "1e-9"}));
    EXPECT_EQ(stopped.exit_code, 75) << stopped.err;
    const Outcome outcome = run_program("nachos", bench_engines(out, {"--format", "json"}));
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const json result = json::parse(outcome.out);
    EXPECT_EQ(result, json::parse(core::read_file(out / "engines.json", 1 << 20)));
    ASSERT_EQ(result["runs"].size(), 2U);
    for (const json& run : result["runs"]) {
        EXPECT_EQ(run["steps"].back()["evaluations"], 16);
        EXPECT_GT(run["held_out_hypervolume"], 0);
        EXPECT_NE(run["held_out_hypervolume"], run["hypervolume"]);  // other images
    }
    const auto floor = study::Study::open_readonly(out / "seed-2/random"),
               other = study::Study::open_readonly(out / "seed-2/nsga2");
    EXPECT_EQ(core::read_file(floor.path_of("checkpoints/supernet.safetensors"), 1 << 26),
              core::read_file(other.path_of("checkpoints/supernet.safetensors"), 1 << 26));
    const auto first = floor.evaluations().front(), second = other.evaluations().front();
    EXPECT_EQ(first.curve.front().point.accuracy, second.curve.front().point.accuracy);
    EXPECT_TRUE(floor.test_reads().empty());
    // What was measured is not measured again.
    const Outcome again = run_program("nachos", bench_engines(out, {"--format", "json"}));
    EXPECT_EQ(again.out, outcome.out);
}

TEST_F(Engines, FidelitiesHalveSuccessively) {
    const std::vector<std::string> command{"search",
                                           kTinyConfig,
                                           "--out",
                                           (folder_ / "study").string(),
                                           "--progress",
                                           "off",
                                           "supernet.epochs=1",
                                           "search.evaluations=12",
                                           "evaluate.fidelity=inherit,finetune:1,scratch:2",
                                           "evaluate.keep=0.34",
                                           "final.top=1",
                                           "final.comparators=false",
                                           "limits.min_accuracy=none"};
    std::vector<std::string> stopping = command;
    stopping.insert(stopping.end(), {"--max-hours", "1e-9"});
    // Behind the first batch, between candidates that train, between epochs.
    for (int stop = 0; stop < 5; ++stop) EXPECT_EQ(run_program("nachos", stopping).exit_code, 75) << stop;
    const Outcome outcome = run_program("nachos", command);
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const auto study = study::Study::open_readonly(folder_ / "study");
    std::map<std::string, int> evaluated;
    for (const auto& e : study.evaluations()) {
        EXPECT_TRUE(e.ok()) << e.error;
        EXPECT_TRUE(std::filesystem::exists(study.path_of(e.table_file))) << e.table_file;
        ++evaluated[e.fidelity];
    }
    EXPECT_EQ(evaluated, (std::map<std::string, int>{{"inherit", 12}, {"finetune:1", 4}, {"scratch:2", 1}}));
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "study/checkpoints"))
        EXPECT_FALSE(entry.path().filename().string().starts_with("candidate")) << entry.path();
    // The design that was trained in the end is the one that the last fidelity judged.
    EXPECT_EQ(study.models().front().arch, study.evaluations().back().arch);
    // In one go, the same comes out.
    std::vector<std::string> in_one_go = command;
    in_one_go[3] = (folder_ / "other").string();
    ASSERT_EQ(run_program("nachos", in_one_go).exit_code, 0);
    EXPECT_EQ(core::read_file(folder_ / "study/pareto.json", 1 << 24),
              core::read_file(folder_ / "other/pareto.json", 1 << 24));
}

TEST_F(Engines, ScratchAloneNeedsNoSupernet) {
    const Outcome outcome = run_program(
        "nachos", {"search", kTinyConfig, "--out", (folder_ / "study").string(), "--progress", "off", "search.evaluations=3",
                   "search.initial=2", "evaluate.fidelity=scratch:1", "final.from_supernet=false", "final.top=1",
                   "final.comparators=false", "limits.min_accuracy=none"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_FALSE(std::filesystem::exists(folder_ / "study/checkpoints/supernet.safetensors"));
    const auto study = study::Study::open_readonly(folder_ / "study");
    for (const auto& e : study.evaluations()) EXPECT_EQ(e.fidelity, "scratch:1");
}

}  // namespace
}  // namespace nachos::cli
