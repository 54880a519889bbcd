#include "cli/program.h"
#include "report/page.h"
#include "study/store.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

// Engines that learn architectures with the supernet's weights, from the command to the files.

namespace nachos::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using test::Outcome;
using test::run_program;
using test::TempFolder;

std::vector<std::string> search_in(const fs::path& folder, const std::string& engine, const std::vector<std::string>& more) {
    std::vector<std::string> all{"search",
                                 test::kTinyConfig,
                                 "search.engine=" + engine,
                                 "supernet.epochs=4",
                                 "search.evaluations=24",
                                 "final.top=1",
                                 "final.comparators=false",
                                 "seed=7",  // with which so short a training finds that exits pay
                                 "differentiable.every=1",
                                 "differentiable.learning_rate=0.03",
                                 "--out",
                                 folder.string(),
                                 "--progress",
                                 "off"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

std::string pareto_of(const fs::path& folder) { return core::read_file(folder / "pareto.json", 1 << 26); }

class LearningEngine : public testing::Test {
  protected:
    void SetUp() override {
        if (!test::built("nachos-train")) GTEST_SKIP() << "skipped: built without libtorch";
    }

    /// Stopped behind every epoch and in the search, it ends with the bytes of a search in one go.
    Outcome search_twice(const std::string& engine) const {
        const Outcome whole = run_program("nachos", search_in(folder_ / "whole", engine, {}));
        EXPECT_EQ(whole.exit_code, 0) << whole.err;
        for (int stop = 0; stop < 5; ++stop) {
            const Outcome stopped =
                run_program("nachos", search_in(folder_ / "stopped", engine, {"--max-hours", "1e-9", "--workers", "1"}));
            EXPECT_EQ(stopped.exit_code, 75) << stopped.err;
        }
        const Outcome resumed = run_program("nachos", search_in(folder_ / "stopped", engine, {}));
        EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
        EXPECT_EQ(pareto_of(folder_ / "stopped"), pareto_of(folder_ / "whole"));
        return whole;
    }

    const TempFolder folder_;
};

TEST_F(LearningEngine, DifferentiableEvaluatesWhatWasLearnt) {
    const Outcome whole = search_twice("differentiable");
    EXPECT_NE(whole.out.find("learnt with the supernet"), std::string::npos) << whole.out;
    const auto study = study::Study::open_readonly(folder_ / "whole");
    const auto learnt = study.get_meta("learnt designs");
    ASSERT_TRUE(learnt);
    const json designs = json::parse(*learnt)["designs"];
    const auto evaluations = study.evaluations();
    ASSERT_EQ(evaluations.size(), 24U);
    ASSERT_GE(designs.size(), 2U);
    EXPECT_EQ(json::parse(arch::to_json(evaluations.front().arch)), json::parse(designs[0]["arch"].get<std::string>()));
    for (const json& design : designs) {
        EXPECT_GT(design["expected_macs"][0], 0);
        EXPECT_GE(design["worst_macs"], design["expected_macs"][0]);
    }
    const std::string page = core::read_file(folder_ / "whole/report.html", 1 << 26);
    EXPECT_NE(page.find(report::has_page() ? R"("learnt":{"designs":[{)" : "What was learnt"), std::string::npos);
}

TEST_F(LearningEngine, HybridBeginsWithWhatWasLearnt) {
    search_twice("hybrid");
    const auto study = study::Study::open_readonly(folder_ / "whole");
    const json designs = json::parse(study.get_meta("learnt designs").value())["designs"];
    EXPECT_EQ(json::parse(arch::to_json(study.evaluations().front().arch)),
              json::parse(designs[0]["arch"].get<std::string>()));
    bool chosen = false;  // by surrogates
    for (const auto& step : study.history()) chosen = chosen || !step.error_model.empty();
    EXPECT_TRUE(chosen);
}

}  // namespace
}  // namespace nachos::cli
