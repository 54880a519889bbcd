#include "cli/grey_image.h"
#include "cli/program.h"
#include "model/tiny_model.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

// export and verify, from the command to the files.

namespace nachos::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using test::Outcome;
using test::run_program;

class Deploy : public testing::Test {
  protected:
    Deploy() {
        model::save_model(model_, test::tiny_model(8));
        int grey = 0;
        for (const char* name :
             {"test/bright/1.png", "test/bright/2.png", "test/dark/1.png", "train/bright/1.png", "train/dark/1.png"})
            test::write_grey(folder_ / "data" / name, static_cast<std::uint8_t>(60 * grey++));
    }

    Outcome export_to(const std::string& kind, const std::string& out = "out") const {
        return run_program("nachos", {"export", model_.string(), "--to", kind, "--out", (folder_ / out).string()});
    }
    Outcome verify(std::vector<std::string> more = {}) const {
        more.insert(more.begin(), {"verify", (folder_ / "out").string(), "--data", (folder_ / "data").string()});
        return run_program("nachos", more);
    }

    const test::TempFolder folder_;
    const fs::path model_ = folder_ / "tiny.safetensors";
};

TEST_F(Deploy, ExportsAndVerifiesC) {
    const Outcome exported = export_to("c");
    ASSERT_EQ(exported.exit_code, 0) << exported.err;
    EXPECT_NE(exported.out.find("nachos_tiny.c\n"), std::string::npos) << exported.out;
    EXPECT_NE(exported.out.find("weights  204 bytes"), std::string::npos) << exported.out;
    EXPECT_TRUE(fs::exists(folder_ / "out/nachos_tiny.h"));
    const Outcome same = verify({"--format", "json"});
    ASSERT_EQ(same.exit_code, 0) << same.err;
    const json form = json::parse(same.out)["forms"][0];
    EXPECT_EQ(form["form"], "c");
    EXPECT_EQ(form["same"], true);
    EXPECT_EQ(form["samples"], 3);
    EXPECT_EQ(form["exits_differ"], 0);
    EXPECT_EQ(form["accuracy"], form["reference_accuracy"]);
    EXPECT_NE(verify().out.find("c     "), std::string::npos);
}

TEST_F(Deploy, FormsOfOneModelShareAFolder) {
    for (const char* kind : {"c", "onnx-staged", "onnx"}) EXPECT_EQ(export_to(kind).exit_code, 0) << kind;
    const json manifest = json::parse(core::read_file(folder_ / "out/manifest.json"));
    EXPECT_EQ(manifest["forms"].size(), 3U);
    EXPECT_EQ(manifest["operating_points"][0]["thresholds"], json::parse("[0.6]"));
    EXPECT_EQ(manifest["class_names"], json::parse(R"(["bright","dark"])"));
    EXPECT_TRUE(fs::exists(folder_ / "out/nachos_tiny.stage2.onnx"));
    EXPECT_TRUE(fs::exists(folder_ / "out/nachos_tiny.onnx"));
    EXPECT_EQ(verify({"--form", "c"}).exit_code, 0);
}

TEST_F(Deploy, WhatWasChangedIsNotRun) {
    ASSERT_EQ(export_to("c").exit_code, 0);
    const fs::path source = folder_ / "out/nachos_tiny.c";
    core::write_file_atomic(source, core::read_file(source) + "int more;\n");
    const Outcome outcome = verify();
    EXPECT_EQ(outcome.exit_code, 5);
    EXPECT_NE(outcome.sentence().find("so it is not run"), std::string::npos) << outcome.err;
}

TEST_F(Deploy, MistakesAreOneSentence) {
    const auto expect = [](const Outcome& outcome, int code, const std::string& part) {
        EXPECT_EQ(outcome.exit_code, code) << part;
        EXPECT_NE(outcome.err.find(part), std::string::npos) << outcome.err;
        EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    };
    expect(export_to("fortran"), 2, "fortran not in {c,onnx-staged,onnx}");
    expect(verify(), 4, "holds no manifest.json");
    expect(run_program("nachos", {"export", (folder_ / "none").string(), "--to", "c", "--out", (folder_ / "o").string()}), 4,
           "none");
    EXPECT_FALSE(fs::exists(folder_ / "o"));
    ASSERT_EQ(export_to("c").exit_code, 0);
    expect(verify({"--form", "onnx"}), 2, "holds none of the forms asked for");
    expect(export_to("c", "data"), 2, "holds no export");
    ::setenv("NACHOS_ONNXRUNTIME", "/nowhere", 1);
    ASSERT_EQ(export_to("onnx").exit_code, 0);
    expect(verify(), 1, "npm install --ignore-scripts onnxruntime-node");
    ::unsetenv("NACHOS_ONNXRUNTIME");
}

}  // namespace
}  // namespace nachos::cli
