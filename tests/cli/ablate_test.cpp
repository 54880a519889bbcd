#include "cli/ablation_arms.h"
#include "cli/program.h"
#include "study/store.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace nachos::cli {
namespace {

using nlohmann::json;
using test::kTinyConfig;
using test::Outcome;
using test::run_program;
using test::TempFolder;

std::vector<std::string> ablate(const std::filesystem::path& folder, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"ablate", kTinyConfig, "supernet.epochs=1", "search.evaluations=12", "final.top=1",
                               "final.epochs=4", "limits.max_avg_macs=45000", "--out", folder.string(), "--seeds", "1",
                               "--progress", "off", "limits.min_accuracy=none", "seed=1"});
    return more;
}

TEST(AblationArms, DifferInTheRegularizersAlone) {
    train::LossOptions configured;
    configured.cost_weight = 0.25;
    ASSERT_EQ(ablation_arms().size(), 4U);
    std::vector<std::pair<double, double>> weights;
    for (const ArmRow& arm : ablation_arms()) {
        const train::LossOptions loss = loss_of(arm, configured);
        weights.emplace_back(loss.cost_weight, loss.support_weight);
        EXPECT_EQ(loss.gate_weight, configured.gate_weight);
    }
    EXPECT_EQ(weights, (std::vector<std::pair<double, double>>{{0, 0}, {0.25, 0}, {0, 1}, {0.25, 1}}));
}

TEST(AblateCommand, NeedsAnAverageLimit) {
    const TempFolder folder;
    const Outcome outcome = run_program("nachos", {"ablate", kTinyConfig, "limits.max_avg_macs=none"});
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_EQ(outcome.sentence(),
              "an ablation needs limits.max_avg_macs, which the cost regularizer holds networks to; it is not set\n");
}

class Ablate : public testing::Test {
  protected:
    void SetUp() override {
        if (!test::built("nachos-train")) GTEST_SKIP() << "skipped: built without libtorch";
    }
    const TempFolder folder_;
};

TEST_F(Ablate, TrainsEveryArmFromTheSameStartAndSaysWhatChanged) {
    const auto out = folder_ / "ablation";
    const Outcome stopped = run_program("nachos", ablate(out, {"--max-hours", "1e-9"}));
    EXPECT_EQ(stopped.exit_code, 75) << stopped.err;
    const Outcome outcome = run_program("nachos", ablate(out, {"--format", "json"}));
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const json result = json::parse(outcome.out);
    EXPECT_EQ(result, json::parse(core::read_file(out / "ablation.json", 1 << 20)));
    EXPECT_EQ(result["seeds"], (std::vector<int>{1}));
    ASSERT_EQ(result["arms"].size(), 4U);
    for (const json& arm : result["arms"]) {
        ASSERT_EQ(arm["seeds"].size(), 1U);
        for (const json& seed : arm["seeds"]) EXPECT_LE(seed["avg_macs"], 1.05 * 45000);
    }
    EXPECT_NE(result["arms"][0]["seeds"][0], result["arms"][1]["seeds"][0]);  // the cost term moves the gates
    EXPECT_NE(result["arms"][0]["seeds"][0], result["arms"][2]["seeds"][0]);  // so does the support term
    const auto study = study::Study::open_readonly(out / "seed-1");
    EXPECT_EQ(study.models().size(), 4U);
    EXPECT_EQ(study.test_reads().size(), 1U);
    const Outcome again = run_program("nachos", ablate(out, {"--format", "json"}));
    EXPECT_EQ(again.out, outcome.out);
}

TEST_F(Ablate, LeavesAFolderOfOthersAlone) {
    core::write_file_atomic(folder_ / "mine.txt", "mine");
    const Outcome outcome = run_program("nachos", ablate(folder_.path()));
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_NE(outcome.err.find("is not empty and holds nothing of this command with seed 1"), std::string::npos)
        << outcome.err;
}

}  // namespace
}  // namespace nachos::cli
