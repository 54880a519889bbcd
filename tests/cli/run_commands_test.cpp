#include "cli/commands.h"
#include "cli/grey_image.h"
#include "core/files.h"
#include "core/temp_folder.h"
#include "data/dataset.h"
#include "model/tiny_model.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <vector>

namespace nachos::cli {
namespace {

using nlohmann::json;
using test::TempFolder;
using test::write_grey;

struct Outcome {
    int exit_code = 0;
    std::string out;
    std::string err;
};

/// nachos-run with these arguments, inside this process.
Outcome run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "nachos-run");
    std::vector<char*> argv;
    for (std::string& a : arguments) argv.push_back(a.data());
    CLI::App app("test", "nachos-run");
    add_run_commands(app);
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    Outcome outcome;
    outcome.exit_code = run_app(app, static_cast<int>(argv.size()), argv.data());
    outcome.out = testing::internal::GetCapturedStdout();
    outcome.err = testing::internal::GetCapturedStderr();
    return outcome;
}

/// The hand-made model for 8 x 8 pixels. Its exits cost 2 * 64 + 6 = 134 and 134 + 36 * 64 + 4 = 2442 MACs. Under a budget
/// of 60 it leaves early from a probability of 0.6: white and black do, middle grey does not; without a budget nothing does.
class NachosRun : public testing::Test {
  protected:
    NachosRun() { model::save_model(folder_ / "m", test::tiny_model(8)); }

    const TempFolder folder_;
    const std::string model_ = (folder_ / "m").string();
};

TEST_F(NachosRun, ClassifiesImages) {
    const std::string white = write_grey(folder_ / "white.png", 255), grey = write_grey(folder_ / "grey.png", 128);
    const Outcome limited = run({model_, white, grey, "--max-avg-macs", "60", "--format", "json"});
    ASSERT_EQ(limited.exit_code, 0) << limited.err;
    const json results = json::parse(limited.out);
    ASSERT_EQ(results.size(), 2U);
    EXPECT_EQ(results[0]["image"], white);
    EXPECT_EQ(results[0]["class"], "bright");
    EXPECT_EQ(results[0]["exit"], 1);
    EXPECT_EQ(results[0]["macs"], 134);
    EXPECT_NEAR(results[0]["confidence"].get<double>(), 0.8807971, 1e-6);  // 1 / (1 + e^-2)
    EXPECT_EQ(results[1]["exit"], 2);
    EXPECT_EQ(results[1]["macs"], 2442);
    const Outcome free = run({model_, white, "--format", "csv"});
    EXPECT_NE(free.out.find(white + ",2,2442,"), std::string::npos) << free.out;
    EXPECT_NE(run({model_, white}).out.find(" 2/2 "), std::string::npos);
}

TEST_F(NachosRun, EvaluatesASplit) {
    const std::pair<const char*, std::uint8_t> images[] = {{"test/bright/1.png", 255},  {"test/bright/2.png", 128},
                                                           {"test/bright/3.png", 0},    {"test/dark/1.png", 0},
                                                           {"train/bright/1.png", 255}, {"train/dark/1.png", 0}};
    for (const auto& [name, value] : images) write_grey(folder_ / "data" / name, value);
    const std::string data = (folder_ / "data").string();
    const Outcome outcome = run({"eval", model_, "--data", data, "--max-avg-macs", "60", "--format", "json"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const json result = json::parse(outcome.out);
    EXPECT_EQ(result["samples"], 4);
    EXPECT_EQ(result["accuracy"], 0.75);  // the black "bright" is wrong
    EXPECT_EQ(result["avg_macs"], (3 * 134 + 2442) / 4.0);
    EXPECT_EQ(result["p95_macs"], 2442);
    EXPECT_EQ(result["exit_share"], json::parse("[0.75, 0.25]"));
    EXPECT_NEAR(result["classes"][0]["accuracy"].get<double>(), 2.0 / 3, 1e-12);
    EXPECT_EQ(result["classes"][1]["avg_macs"], 134);
    const Outcome train = run({"eval", model_, "--data", data, "--split", "train", "--format", "csv"});
    EXPECT_EQ(train.out, "class,samples,accuracy,avg_macs\nbright,1,1,2442\ndark,1,1,2442\nall,2,1,2442\n");
    EXPECT_NE(run({"eval", model_, "--data", data}).out.find("accuracy      0.7500"), std::string::npos);
}

TEST_F(NachosRun, EvaluatesTheSplitThatASearchCarved) {
    for (int i = 0; i < 8; ++i) {
        write_grey(folder_ / "data/train/bright" / fmt::format("{}.png", i), 255);
        write_grey(folder_ / "data/train/dark" / fmt::format("{}.png", i), i == 3 ? 200 : 0);  // the grey one is wrong
    }
    const std::string data = (folder_ / "data").string();
    // The images are those that the search's own reader sets aside and keeps.
    data::DataOptions options;
    options.path = data;
    options.test_fraction = 0.25;
    const data::Dataset carved = data::load(options);
    const auto wrong = [&](const std::string& split) {
        const Outcome o =
            run({"eval", model_, "--data", data, "--test-fraction", "0.25", "--split", split, "--format", "json"});
        EXPECT_EQ(o.exit_code, 0) << o.err;
        const json result = json::parse(o.out);
        return std::lround(result["samples"].get<double>() * (1 - result["accuracy"].get<double>()));
    };
    const auto grey_images = [](const data::Examples& e) {
        return std::count(e.pixels.begin(), e.pixels.end(), 200) / static_cast<std::ptrdiff_t>(e.image_bytes());
    };
    ASSERT_EQ(carved.test->size(), 4U);
    EXPECT_EQ(wrong("test"), grey_images(*carved.test));
    EXPECT_EQ(wrong("train"), grey_images(carved.train));
    EXPECT_EQ(wrong("test") + wrong("train"), 1);
    // A model that says how its data were divided need not be told.
    model::Model model = model::load_model(model_);
    model.division = model::DataDivision{.test_fraction = 0.25};
    const std::string saying = (folder_ / "saying.safetensors").string();
    model::save_model(saying, model);
    const Outcome told = run({"eval", model_, "--data", data, "--test-fraction", "0.25", "--format", "json"});
    const Outcome untold = run({"eval", saying, "--data", data, "--format", "json"});
    EXPECT_EQ(untold.exit_code, 0) << untold.err;
    EXPECT_EQ(json::parse(untold.out)["samples"], 4);
    EXPECT_EQ(json::parse(untold.out)["accuracy"], json::parse(told.out)["accuracy"]);
}

TEST_F(NachosRun, CountsAndWarnsOfDrift) {
    const std::string white = write_grey(folder_ / "white.png", 255), grey = write_grey(folder_ / "grey.png", 128);
    // Expected at this operating point: three quarters leave at the first exit.
    std::vector<std::string> as_expected{model_, "--max-avg-macs", "60", "--stats", "--format", "json"};
    for (int i = 0; i < 40; ++i) as_expected.push_back(i % 4 == 0 ? grey : white);
    const Outcome calm = run(as_expected);
    ASSERT_EQ(calm.exit_code, 0) << calm.err;
    const json stats = json::parse(calm.out)["stats"];
    EXPECT_EQ(stats["images"], 40);
    EXPECT_EQ(stats["exits"][0]["images"], 30);
    EXPECT_EQ(stats["exits"][0]["expected_share"], 0.75);
    EXPECT_EQ(stats["macs"], 30 * 134 + 10 * 2442);
    EXPECT_EQ(stats["p_value"], 1);
    EXPECT_EQ(calm.err, "");
    std::vector<std::string> drifted{model_, "--max-avg-macs", "60", "--stats"};
    for (int i = 0; i < 40; ++i) drifted.push_back(grey);
    const Outcome warned = run(drifted);
    EXPECT_EQ(warned.exit_code, 0);
    EXPECT_NE(warned.out.find("average MACs 2442, expected 50; 97680 in all"), std::string::npos) << warned.out;
    EXPECT_NE(warned.err.find("the data have drifted"), std::string::npos) << warned.err;
}

TEST_F(NachosRun, BenchMeasuresTheSameNetworkWithoutExitsBesideIt) {
    for (const char* name : {"test/bright/1.png", "train/bright/1.png"}) write_grey(folder_ / "data" / name, 255);
    for (const char* name : {"test/dark/1.png", "train/dark/1.png"}) write_grey(folder_ / "data" / name, 0);
    const std::string data = (folder_ / "data").string();
    const Outcome outcome =
        run({"bench", model_, "--data", data, "--max-avg-macs", "60", "--against", model_, "--format", "json"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const json result = json::parse(outcome.out);
    EXPECT_EQ(result["images"], 2);
    ASSERT_EQ(result["networks"].size(), 3U);
    EXPECT_EQ(result["networks"][0]["avg_macs"], 134);
    EXPECT_EQ(result["networks"][1]["avg_macs"], 2436);  // 128 + 36 * 64 + 4: the early head is gone
    EXPECT_EQ(result["networks"][2]["avg_macs"], 134);
    EXPECT_NEAR(result["saved_macs"].get<double>(), 1 - 134 / 2436.0, 1e-12);
    for (const json& network : result["networks"]) {
        EXPECT_EQ(network["accuracy"], 1);
        EXPECT_GT(network["p50_us"], 0);
        EXPECT_LE(network["p50_us"], network["p99_us"]);
    }
    EXPECT_NE(run({"bench", model_, "--data", data}).out.find("the same without exits"), std::string::npos);
    // In a study, the plain network stands beside it unasked.
    std::filesystem::copy_file(model_, folder_ / "best-plain-1.safetensors");
    EXPECT_NE(run({"bench", model_, "--data", data}).out.find("best-plain-1 "), std::string::npos);
    model::save_model(folder_ / "other", test::tiny_model(4));
    const Outcome other = run({"bench", model_, "--data", data, "--against", (folder_ / "other").string()});
    EXPECT_EQ(other.exit_code, 4);
    EXPECT_NE(other.err.find("takes other images or has other classes"), std::string::npos) << other.err;
}

void expect_failure(const std::vector<std::string>& arguments, int exit_code, const std::string& sentence) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, exit_code) << sentence;
    EXPECT_TRUE(outcome.err.starts_with("nachos-run: ")) << outcome.err;
    EXPECT_NE(outcome.err.find(sentence), std::string::npos) << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_EQ(outcome.out, "");
}

TEST_F(NachosRun, UsageErrorsPointAtTheHelp) {
    expect_failure({}, 2, "at least one IMAGE are needed; see nachos-run --help");
    expect_failure({model_}, 2, "at least one IMAGE");
    expect_failure({model_, "i", "--frobnicate"}, 2, "--frobnicate; see nachos-run --help");
    expect_failure({model_, "i", "--format", "xml"}, 2, "xml not in {table,json,csv}");
    expect_failure({model_, "i", "--max-avg-macs", "-3"}, 2, "-3 is not a number above 0");
    expect_failure({model_, "i", "--max-avg-macs", "many"}, 2, "many is not a number above 0");
    expect_failure({"eval", model_}, 2, "--data is required; see nachos-run eval --help");
    expect_failure({"eval", model_, "--data", "d", "--split", "all"}, 2, "all not in {test,train}");
    expect_failure({"eval", model_, "--data", "d", "--test-fraction", "0.6"}, 2, "Value 0.6 not in range");
}

TEST_F(NachosRun, BadInputIsNamed) {
    const std::string white = write_grey(folder_ / "white.png", 255);
    expect_failure({model_ + "x", white}, 4, model_ + "x");
    expect_failure({white, white}, 4, white);
    expect_failure({model_, model_, "--format", "json"}, 4, model_);
    expect_failure({model_, white, "--max-avg-macs", "57"}, 3, "the cheapest averages 50");
    expect_failure({"eval", model_, "--data", (folder_ / "none").string()}, 4, "none");
    for (const char* name : {"other/train/bright/1.png", "other/train/night/1.png"}) write_grey(folder_ / name, 0);
    expect_failure({"eval", model_, "--data", (folder_ / "other").string()}, 4, "class 1 is 'night', the model's is 'dark'");
    for (const char* name : {"half/train/bright/1.png", "half/train/dark/1.png"}) write_grey(folder_ / name, 0);
    expect_failure({"eval", model_, "--data", (folder_ / "half").string()}, 4, "no test split; --test-fraction carves");
}

TEST_F(NachosRun, RefusesAFilterItDoesNotKnow) {
    model::Model model = test::tiny_model(8);
    model.preprocessing.resize_filter = "lanczos";
    model::save_model(model_, model);
    expect_failure({model_, "i"}, 4, "resize filter 'lanczos' is not known, 'triangle-antialias' is");
}

TEST_F(NachosRun, HelpAndVersionAreNoErrors) {
    const Outcome help = run({"--help"});
    EXPECT_EQ(help.exit_code, 0);
    EXPECT_NE(help.out.find("eval"), std::string::npos);
    EXPECT_EQ(run({"--version"}).exit_code, 0);
    EXPECT_TRUE(run({"--version"}).out.starts_with("nachos-run 0."));
}

}  // namespace
}  // namespace nachos::cli
