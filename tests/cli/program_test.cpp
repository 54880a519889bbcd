#include "cli/program.h"

#include <gtest/gtest.h>

#include <regex>

// What our programs say of mistakes, and how fast they say it. What needs a trained study stands in main_job_test.cpp.

namespace nachos::cli {
namespace {

using test::kTinyConfig;
using test::Outcome;
using test::run_program;
using test::TempFolder;

void expect_refusal(const std::vector<std::string>& arguments, int exit_code, const std::string& sentence) {
    const Outcome outcome = run_program("nachos", arguments);
    EXPECT_EQ(outcome.exit_code, exit_code) << sentence;
    EXPECT_EQ(outcome.sentence(), sentence + "\n");
    EXPECT_EQ(outcome.out, "");
}

class Program : public testing::Test {
  protected:
    /// A search that must end before it begins anything: DIR is not made.
    void expect_refused_search(const std::string& override, int exit_code, const std::string& sentence) {
        expect_refusal({"search", kTinyConfig, override, "--out", out_}, exit_code, sentence);
        EXPECT_FALSE(std::filesystem::exists(out_)) << override;
    }

    const TempFolder folder_;
    const std::string out_ = (folder_ / "out").string();
};

TEST_F(Program, UsageErrorsNameTheCommandAndItsHelp) {
    const std::string commands =
        "data, search, ablate, final, pareto, profile, tune, report, serve, export, verify, bench, config, doctor";
    expect_refusal({}, 2, "a command is needed: " + commands + "; see nachos --help");
    expect_refusal({"serach"}, 2, "there is no command 'serach'; did you mean 'search'? See nachos --help");
    expect_refusal({"config"}, 2, "a command is needed: show, check, schema, reference; see nachos config --help");
    expect_refusal({"search", kTinyConfig}, 2, "--out is required; see nachos search --help");
    expect_refusal({"pareto"}, 2, "DIR is required; see nachos pareto --help");
    expect_refusal({"pareto", out_}, 2, "there is no study in " + out_ + " (it has no study.db)");
    expect_refusal({"final", out_}, 2, "there is no study in " + out_ + " (it has no study.db)");
    expect_refusal({"profile", out_}, 4, "cannot read " + out_ + ": No such file or directory");
}

TEST_F(Program, ConfigurationErrorsNameKeyValueAndPlace) {
    expect_refusal({"search", out_, "--out", out_}, 2, "there is no configuration file " + out_);
    expect_refused_search("limits.max_avg_mac=3e5", 2,
                          "unknown key 'limits.max_avg_mac' (command line, limits.max_avg_mac=3e5); did you mean "
                          "'limits.max_avg_macs'?");
    expect_refused_search("limits.min_accuracy=1.5", 2,
                          "limits.min_accuracy = 1.5 is out of range: 0 to 1 is allowed (command line, "
                          "limits.min_accuracy=1.5)");
    const std::string file = (folder_ / "c.toml").string();
    core::write_file_atomic(file, "[search]\nevaluations = 10\nbatsh = 5\n");
    expect_refusal({"config", "check", file}, 2,
                   "unknown key 'search.batsh' (" + file + ", line 3); did you mean 'search.batch'?");
}

TEST_F(Program, WhatCannotWorkIsToldBeforeAnythingIsTrained) {
    if (!test::built("nachos-train")) GTEST_SKIP() << "built without libtorch";
    const Outcome outcome = run_program("nachos", {"search", kTinyConfig, "limits.max_params=10", "--out", out_});
    EXPECT_EQ(outcome.exit_code, 3);
    EXPECT_TRUE(std::regex_match(
        outcome.sentence(), std::regex("no architecture of space 'mbv3-small' meets the limits that need no data; of 10000 "
                                       "samples the nearest: max_params is \\d{4}, at most 10 is allowed\n")))
        << outcome.err;
    EXPECT_FALSE(std::filesystem::exists(out_));
    std::filesystem::create_directories(folder_ / "data");
    const std::string images = (folder_ / "data/train-images-idx3-ubyte").string();
    core::write_file_atomic(images, "no images");
    expect_refused_search("data.path=" + (folder_ / "data").string(), 4,
                          images + " is truncated: 9 bytes, its header alone has 16");
    const std::string none = (folder_ / "none").string();
    expect_refused_search("data.path=" + none, 4,
                          fmt::format("data.path is \"{}\", which does not exist (current folder: {})", none,
                                      std::filesystem::current_path().string()));
    std::filesystem::create_directories(folder_ / "other");
    core::write_file_atomic(folder_ / "other/note.txt", "mine");
    const std::string other = (folder_ / "other").string();
    expect_refusal({"search", kTinyConfig, "--out", other}, 2,
                   other + " is not empty and holds no study (it has note.txt); name a new or empty folder");
    EXPECT_EQ(core::read_file(folder_ / "other/note.txt", 100), "mine");
}

TEST_F(Program, StartsAtOnce) {
    for (const std::vector<std::string>& command : {std::vector<std::string>{"config", "check", kTinyConfig}, {"doctor"}})
        test::expect_fast("nachos", command);
}

}  // namespace
}  // namespace nachos::cli
