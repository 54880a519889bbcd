#include "cli/program.h"

#include <gtest/gtest.h>

// supernet.from, with the real programs.

namespace nachos::cli {
namespace {

namespace fs = std::filesystem;
using test::kTinyConfig;
using test::Outcome;
using test::run_program;
using test::TempFolder;

class SharedSupernet : public testing::Test {
  protected:
    void SetUp() override {
        if (!test::built("nachos-train")) GTEST_SKIP() << "skipped: built without libtorch";
    }

    Outcome search(const std::string& name, std::vector<std::string> more) const {
        more.insert(more.begin(), {"search", kTinyConfig, "--out", (folder_ / name).string(), "--progress", "off",
                                   "search.evaluations=12", "search.initial=4", "final.top=1", "final.comparators=false",
                                   "final.exports=false", "limits.min_accuracy=none"});
        return run_program("nachos", more);
    }
    std::string from(const std::string& name) const { return "supernet.from=" + (folder_ / name).string(); }
    std::string supernet_of(const std::string& name) const {
        return core::read_file(folder_ / name / "checkpoints" / "supernet.safetensors", 1 << 26);
    }
    /// One sentence that names `what`, and no study.
    void expect_refused(const std::vector<std::string>& more, const std::string& what) const {
        const Outcome outcome = search("refused", more);
        EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
        EXPECT_NE(outcome.err.find(what), std::string::npos) << outcome.err;
        EXPECT_FALSE(fs::exists(folder_ / "refused" / "study.db"));
    }

    const TempFolder folder_;
};

TEST_F(SharedSupernet, OtherEnginesAndLimitsSearchItWithoutTraining) {
    const fs::path first_log = folder_ / "first.jsonl", log = folder_ / "second.jsonl";
    const Outcome first = search("first", {"search.engine=random", "--log-file", first_log.string()});
    ASSERT_EQ(first.exit_code, 0) << first.err;
    const std::vector<std::string> other{"search.engine=nsga2", "limits.max_avg_macs=900000", from("first") + "/"};
    auto logged = other;
    logged.insert(logged.end(), {"--log-file", log.string()});
    const Outcome second = search("second", logged);
    ASSERT_EQ(second.exit_code, 0) << second.err;
    const std::string trained = "\"phase\":\"supernet\"";
    EXPECT_NE(core::read_file(first_log, 1 << 24).find(trained), std::string::npos);
    EXPECT_EQ(core::read_file(log, 1 << 24).find(trained), std::string::npos);
    EXPECT_EQ(supernet_of("second"), supernet_of("first"));
    EXPECT_NE(core::read_file(folder_ / "second" / "report.html", 1 << 26).find("taken from the study"), std::string::npos);
    fs::remove_all(folder_ / "first");  // the study has what it needs
    const Outcome again = search("second", other);
    EXPECT_EQ(again.exit_code, 0) << again.err;
}

TEST_F(SharedSupernet, WhatWasTrainedOtherwiseIsRefusedBeforeAStudyBegins) {
    const Outcome stopped = search("first", {"search.engine=random", "supernet.epochs=2", "--max-hours", "1e-9"});
    ASSERT_EQ(stopped.exit_code, 75) << stopped.err;
    expect_refused({"supernet.epochs=2", "search.engine=random", from("first")}, "1 epochs of 2");
    ASSERT_EQ(search("first", {"search.engine=random", "supernet.epochs=2"}).exit_code, 0);
    expect_refused({"supernet.epochs=3", "search.engine=random", from("first")}, "supernet.epochs is 2 there, 3 here");
    expect_refused({"supernet.epochs=2", "search.engine=random", "space.expand=[2]", from("first")}, "space.expand");
    expect_refused({"supernet.epochs=2", "search.engine=random", "seed=8", from("first")}, "seed is 1 there, 8 here");
    expect_refused({"supernet.epochs=2", "search.engine=hybrid", from("first")}, "learns architectures");
    expect_refused({"supernet.epochs=2", "search.engine=random", "evaluate.fidelity=scratch:1", "final.from_supernet=false",
                    from("first")},
                   "leave it out");
    expect_refused({"supernet.epochs=2", "search.engine=random", from("nowhere")}, "nowhere");
}

}  // namespace
}  // namespace nachos::cli
