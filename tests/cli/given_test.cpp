#include "cli/program.h"
#include "model/model_file.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>

// search.engine = "given" and final.budgets, with the real programs.

namespace nachos::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using test::kTinyConfig;
using test::Outcome;
using test::run_program;
using test::TempFolder;

// Of the space of configs/tiny.toml.
constexpr const char* kTwo = R"([
  {"space": "mbv3-small", "resolution": 16, "channels": 1, "classes": 4, "stem_stride": 2, "stem_width": 16, "depth": [1, 1, 1, 1],
   "width": [8, 16, 24, 32], "kernel": [3, 3, 3, 3], "expand": [2, 2, 2, 2], "exits": [0, {"convs": 0}, 0]},
  {"space": "mbv3-small", "resolution": 16, "channels": 1, "classes": 4, "stem_stride": 2, "stem_width": 16, "depth": [1, 1, 1, 1],
   "width": [8, 16, 24, 32], "kernel": [3, 3, 3, 3], "expand": [2, 2, 2, 2], "exits": [0, 0, 0]}])";

Outcome search(const fs::path& out, std::vector<std::string> more) {
    more.insert(more.begin(), {"search", kTinyConfig, "--out", out.string(), "--progress", "off", "search.engine=given"});
    return run_program("nachos", more);
}

TEST(GivenArchitectures, AreTrainedWithoutASearchAndKeptByTheStudy) {
    if (!test::built("nachos-train")) GTEST_SKIP() << "skipped: built without libtorch";
    const TempFolder folder;
    const fs::path list = folder / "list.json", out = folder / "study";
    core::write_file_atomic(list, kTwo);
    const std::vector<std::string> keys{"search.given=" + list.string(), "evaluate.fidelity=scratch:1",
                                        "final.from_supernet=false",     "final.exports=false",
                                        "final.comparators=false",       "limits.min_accuracy=none",
                                        "limits.max_avg_macs=none",      "final.budgets=[100001, 150001]"};
    const Outcome first = search(out, keys);
    ASSERT_EQ(first.exit_code, 0) << first.err;
    EXPECT_FALSE(fs::exists(out / "checkpoints" / "supernet.safetensors"));
    std::size_t models = 0;
    for (const auto& entry : fs::directory_iterator(out / "models")) models += entry.is_regular_file() ? 1U : 0U;
    EXPECT_EQ(models, 2U);  // both, though one may dominate the other
    fs::remove(list);
    const Outcome again = search(out, {keys.begin() + 1, keys.end()});  // the key alone is missing: another configuration
    EXPECT_EQ(again.exit_code, 2) << again.err;
    EXPECT_NE(again.err.find("search.given"), std::string::npos) << again.err;
}

TEST(FinalTeacher, IsTrainedOnceAndSaidInTheStudy) {
    if (!test::built("nachos-train")) GTEST_SKIP() << "skipped: built without libtorch";
    const TempFolder folder;
    const fs::path list = folder / "list.json", out = folder / "study", log = folder / "log.jsonl";
    core::write_file_atomic(list, json::parse(kTwo)[0].dump());
    const std::vector<std::string> keys{"search.given=" + list.string(),
                                        "evaluate.fidelity=scratch:1",
                                        "final.from_supernet=false",
                                        "final.exports=false",
                                        "limits.min_accuracy=none",
                                        "final.teacher=true",
                                        "teacher.epochs=1",
                                        "teacher.width=8",
                                        "--log-file",
                                        log.string()};
    const Outcome first = search(out, keys);
    ASSERT_EQ(first.exit_code, 0) << first.err;
    EXPECT_TRUE(fs::exists(out / "checkpoints" / "teacher.safetensors"));
    std::size_t begun = 0;  // for the design and its comparators together
    const std::string text = core::read_file(log, 1 << 24);
    for (std::size_t at = 0; (at = text.find("\"phase\":\"teacher\",\"done\":1,", at)) != std::string::npos; ++at) ++begun;
    EXPECT_EQ(begun, 1U);
    EXPECT_NE(core::read_file(out / "report.html", 1 << 26).find("learnt from a teacher"), std::string::npos);
}

TEST(GivenArchitectures, MistakesAreOneSentence) {
    if (!test::built("nachos-train")) GTEST_SKIP() << "skipped: built without libtorch";
    const TempFolder folder;
    const auto expect = [&](std::vector<std::string> keys, int code, const std::string& part) {
        const Outcome outcome = search(folder / "study", std::move(keys));
        EXPECT_EQ(outcome.exit_code, code) << outcome.err;
        EXPECT_NE(outcome.err.find(part), std::string::npos) << outcome.err;
        EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    };
    expect({}, 2, "needs search.given");
    expect({"search.given=list.json", "search.engine=random"}, 2, "is for search.engine = 'given' alone");
    expect({"search.given=" + (folder / "none.json").string()}, 4, "none.json");
}

TEST(FinalBudgets, GetThresholdsOfTheirOwn) {
    if (!test::built("nachos-train")) GTEST_SKIP() << "skipped: built without libtorch";
    const TempFolder folder;
    const fs::path list = folder / "list.json", out = folder / "study";
    core::write_file_atomic(list, json::parse(kTwo)[0].dump());
    const Outcome outcome =
        search(out, {"search.given=" + list.string(), "evaluate.fidelity=scratch:1", "final.from_supernet=false",
                     "final.exports=false", "final.comparators=false", "limits.min_accuracy=none", "policy.budgets=2",
                     "seed=3", "final.budgets=[95000, 100000, 105000, 110000, 115000, 120000]"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    for (const auto& entry : fs::directory_iterator(out / "models")) {
        if (entry.path().extension() != ".safetensors") continue;
        const model::Model m = model::load_model(entry.path());
        std::size_t asked_for = 0;
        for (std::size_t i = 0; i < m.threshold_sets.size(); ++i) {
            if (i > 0) {
                EXPECT_LT(m.threshold_sets[i - 1].budget_macs, m.threshold_sets[i].budget_macs);
            }
            asked_for += std::fmod(m.threshold_sets[i].budget_macs, 5000) == 0 ? 1U : 0U;
        }
        EXPECT_GE(asked_for, 2U) << m.threshold_sets.size();
    }
}

}  // namespace
}  // namespace nachos::cli
