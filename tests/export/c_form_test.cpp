#include "core/expect_error.h"
#include "core/files.h"
#include "core/temp_folder.h"
#include "exec/run_program.h"
#include "export/c_writer.h"
#include "export/exporters.h"
#include "export/forms.h"
#include "model/tiny_model.h"
#include "runtime/runtime.h"

#include <gtest/gtest.h>

namespace nachos::exporting {
namespace {

namespace fs = std::filesystem;

class EveryCForm : public testing::TestWithParam<test::FormCase> {};

TEST_P(EveryCForm, AnswersAsTheRuntimeDoes) {
    const test::TempFolder folder;
    test::expect_same_answers(GetParam().model(), GetParam().images, "c", folder.path());
}

TEST_P(EveryCForm, AnswersAsTheRuntimeDoesInInt8) {
    const test::TempFolder folder;
    test::expect_same_answers(test::in_int8(GetParam().model()), GetParam().images, "c", folder.path());
}

INSTANTIATE_TEST_SUITE_P(All, EveryCForm, testing::ValuesIn(test::form_cases()),
                         [](const auto& info) { return test::name_of(info.param); });

/// A counter in the code proves that what lies behind an exit is not computed.
TEST(CForm, ComputesNothingBehindTheExitTaken) {
    const model::Model model = test::tiny_model(8);
    const CFiles c = c_files(model, "net");
    const test::TempFolder folder;
    core::write_file_atomic(folder / "net.c", c.source);
    core::write_file_atomic(folder / "net.h", c.header);
    core::write_file_atomic(folder / "main.c", R"(#include "net.h"
#include <stdio.h>
int main(void)
{
    static const uint8_t white[64] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
    static const uint8_t black[64] = {0};
    struct net_result r;
    int i;
    net_classify(white, 0, &r);
    printf("%s %d %lu:", net_class_names[r.label], r.exit, (unsigned long)r.macs);
    for (i = 0; i < NET_LAYERS; ++i) printf(" %lu", net_layer_runs[i]);
    net_classify(black, NET_DEFAULT_POINT, &r);
    printf("\n%s %d %lu:", net_class_names[r.label], r.exit, (unsigned long)r.macs);
    for (i = 0; i < NET_LAYERS; ++i) printf(" %lu", net_layer_runs[i]);
    printf("\n%d\n", net_classify(black, NET_POINTS, &r));
    return 0;
}
)");
    exec::run_program({.command = {"cc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-DNET_COUNT_LAYERS", "-I",
                                   folder.path().string(), (folder / "net.c").string(), (folder / "main.c").string(), "-o",
                                   (folder / "main").string(), "-lm"}});
    exec::run_program({.command = {(folder / "main").string()}, .output = folder / "said"});
    EXPECT_EQ(core::read_file(folder / "said"),
              "bright 0 134: 1 1 1 0 0 0\n"
              "dark 1 2442: 2 2 2 1 1 1\n"
              "-1\n");
}

TEST(CForm, StatesTheMemoryItTakes) {
    const model::Model model = test::tiny_model(8);
    const CFiles c = c_files(model, "net");
    EXPECT_EQ(c.flash_bytes, 4 * (2 + 6 + 3 + 36 + 4));  // weights and biases by hand
    EXPECT_NE(c.header.find(fmt::format("#define NET_ARENA_BYTES {}", c.arena_bytes)), std::string::npos);
    EXPECT_NE(c.source.find(fmt::format("static float arena[{}];", c.arena_bytes / 4)), std::string::npos);
    EXPECT_EQ(c.source.find("malloc"), std::string::npos);
    EXPECT_EQ(c_files(model, "net").source, c.source);
}

TEST(CIdentifier, IsOne) {
    EXPECT_EQ(c_identifier("My Model-3"), "my_model_3");
    EXPECT_EQ(c_identifier("3rd"), "model_3rd");
    EXPECT_EQ(c_identifier("\xc3\xa4"), "model");
    EXPECT_EQ(c_identifier(""), "model");
}

class ExportedFolder : public testing::Test {
  protected:
    ExportedFolder() {
        model::save_model(folder_ / "m.safetensors", test::tiny_model(8));
        export_model(folder_ / "m.safetensors", "c", "net", out_);
    }
    const test::TempFolder folder_;
    const fs::path out_ = folder_ / "out";
};

TEST_F(ExportedFolder, SaysWhatItHolds) {
    const ExportFolder opened = open_export(out_);
    EXPECT_EQ(opened.manifest.name, "net");
    ASSERT_EQ(opened.manifest.forms.size(), 1U);
    EXPECT_EQ(opened.manifest.forms[0].files, (std::vector<std::string>{"net.c", "net.h"}));
    export_model(folder_ / "m.safetensors", "c", "net", out_);  // again: replaced, not added
    EXPECT_EQ(open_export(out_).manifest.forms.size(), 1U);
    for (const char* lost : {"net.c", kModelFile}) {  // as a kill while they are written leaves it
        fs::remove(out_ / lost);
        test::expect_error(ErrorKind::bad_data, {lost}, [&] { open_export(out_); });
        export_model(folder_ / "m.safetensors", "c", "net", out_);
        EXPECT_EQ(open_export(out_).manifest.forms.size(), 1U);
    }
}

TEST_F(ExportedFolder, RunsNothingThatItDidNotWrite) {
    core::write_file_atomic(out_ / "net.c", core::read_file(out_ / "net.c") + "\n");
    test::expect_error(ErrorKind::verification, {"net.c", "so it is not run"}, [&] { open_export(out_); });
}

TEST_F(ExportedFolder, AnotherModelOrFolderIsRefused) {
    using test::expect_error;
    model::Model other = test::tiny_model(8);
    other.class_names[0] = "grey";
    model::save_model(folder_ / "other.safetensors", other);
    expect_error(ErrorKind::usage, {"another model's export", "'net'"},
                 [&] { export_model(folder_ / "other.safetensors", "c", "net", out_); });
    fs::copy_file(folder_ / "other.safetensors", out_ / "model.safetensors", fs::copy_options::overwrite_existing);
    expect_error(ErrorKind::bad_data, {"is not the model that"}, [&] { open_export(out_); });
    fs::create_directory(folder_ / "theirs");
    core::write_file_atomic(folder_ / "theirs/x", "x");
    expect_error(ErrorKind::usage, {"is not empty and holds no export"},
                 [&] { export_model(folder_ / "m.safetensors", "c", "net", folder_ / "theirs"); });
    expect_error(ErrorKind::bad_data, {"holds no manifest.json"}, [&] { open_export(folder_ / "theirs"); });
}

TEST_F(ExportedFolder, BadManifestsAreOneSentence) {
    const std::string good = core::read_file(out_ / "manifest.json");
    const auto with = [&](const std::string& from, const std::string& to) {
        std::string text = good;
        text.replace(text.find(from), from.size(), to);
        core::write_file_atomic(out_ / "manifest.json", text);
    };
    const auto expect = [&](std::initializer_list<std::string> parts) {
        test::expect_error(ErrorKind::bad_data, parts, [&] { open_export(out_); });
    };
    with("\"schema_version\": 1", "\"schema_version\": 2");
    expect({"manifest.json", "schema version is 2", "1"});
    with("\"net.c\"", "\"../net.c\"");
    expect({"'../net.c' is no name of a file"});
    with("\"kind\": \"c\"", "\"kind\": \"fortran\"");
    expect({"does not know the form 'fortran'"});
    with("\"name\": \"net\"", "\"name\": \"a; b\"");
    expect({"'a; b' is no name of an export"});
    core::write_file_atomic(out_ / "manifest.json", "{");
    expect({"manifest.json"});
}

TEST(HoldAgainst, NamesTheFirstDifference) {
    const model::Model model = test::tiny_model(8);
    core::Rng rng(1);
    const auto pixels = test::random_images(model.net, 3, rng);
    const Answers reference = reference_answers(model, pixels);
    const std::vector<std::int32_t> labels{0, 1, 0};
    EXPECT_TRUE(hold_against(model, reference, reference, labels).same());
    Answers form = reference;
    form.exits[2 * 1 + 1] = 0;
    form.labels[2 * 2] = 1 - form.labels[2 * 2];
    Verdict verdict = hold_against(model, reference, form, labels);
    EXPECT_EQ(verdict.first_differing, 1);
    EXPECT_EQ(verdict.exits_differ, 1);
    EXPECT_EQ(verdict.labels_differ, 1);
    EXPECT_EQ(verdict.first_difference, "at operating point 1 it leaves at exit 1, the reference at 2");
    form = reference;
    form.logits[2 * 2 * 2 + 3] += 0.5F;
    verdict = hold_against(model, reference, form, labels);
    EXPECT_EQ(verdict.first_differing, 2);
    EXPECT_NE(verdict.first_difference.find("logit 1 of exit 2"), std::string::npos) << verdict.first_difference;
    form.logits.pop_back();
    test::expect_error(ErrorKind::runtime, {"answered"}, [&] { hold_against(model, reference, form, labels); });
}

TEST(HoldAgainst, EitherExitIsRightWhereAConfidenceLiesOnTheThreshold) {
    model::Model model = test::tiny_model(8);
    core::Rng rng(1);
    const auto pixels = test::random_images(model.net, 1, rng);
    const std::vector<std::int32_t> labels{0};
    const double confidence = runtime::infer(model, {0.0}, pixels).confidence;
    const auto verdict_with = [&](double threshold, std::int32_t exit, std::int32_t wrong) {
        for (auto& set : model.threshold_sets) set.on_calibration.thresholds = {threshold};
        Answers form = reference_answers(model, pixels);
        const auto logits = std::span(form.logits).subspan(static_cast<std::size_t>(2 * exit), 2);
        form.exits[0] = exit;
        form.labels[0] = (logits[1] > logits[0] ? 1 : 0) ^ wrong;
        return hold_against(model, reference_answers(model, pixels), form, labels);
    };
    for (const std::int32_t exit : {0, 1}) {
        EXPECT_TRUE(verdict_with(confidence, exit, 0).same()) << exit;
        EXPECT_EQ(verdict_with(confidence, exit, 1).labels_differ, 1) << exit;
    }
    EXPECT_EQ(verdict_with(confidence, 1, 0).undecided, 1);
    EXPECT_EQ(verdict_with(confidence - 0.01, 1, 0).exits_differ, 1);
    EXPECT_EQ(verdict_with(confidence + 0.01, 0, 0).exits_differ, 1);
}

TEST(RunProgram, FailuresSayWhatTheProgramSaid) {
    using test::expect_error;
    expect_error(ErrorKind::runtime, {"cannot start /nowhere/at-all"},
                 [] { exec::run_program({.command = {"/nowhere/at-all"}}); });
    expect_error(ErrorKind::runtime, {"sh ended with exit code 3: so it is"}, [] {
        exec::run_program({.command = {"sh", "-c", "echo so it is >&2; exit 3"}});
    });
    expect_error(ErrorKind::runtime, {"sh was ended by signal 9"}, [] {
        exec::run_program({.command = {"sh", "-c", "kill -9 $$"}});
    });
}

}  // namespace
}  // namespace nachos::exporting
