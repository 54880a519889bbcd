#include "cli/program.h"
#include "core/rng.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdlib>

namespace nachos::cli {
namespace {

using nlohmann::json;
using test::Outcome;
using test::run_program;

/// A network of the published space, better and dearer with depth and expansion.
std::string network(core::Rng& rng) {
    std::vector<int> depth, kernel, expand;
    std::vector<double> threshold;
    double size = 0;
    for (int stage = 0; stage < 5; ++stage) {
        depth.push_back(rng.between(2, 4));
        for (int block = 0; block < depth.back(); ++block) {
            kernel.push_back(3 + 2 * rng.between(0, 2));
            expand.push_back(3 + rng.between(0, 3));
            size += expand.back();
        }
        if (stage < 4) threshold.push_back(rng.chance(0.5) ? 1 : 0.2);
    }
    return fmt::format(R"({{"depth":[{}],"kernel":[{}],"expand":[{}],"threshold":[{}],"resolution":32,)"
                       R"("top1":{},"avg_macs_m":{}}})",
                       fmt::join(depth, ","), fmt::join(kernel, ","), fmt::join(expand, ","), fmt::join(threshold, ","),
                       0.5 * size + rng.uniform(), 0.1 * size + 0.1 * rng.uniform());
}

class Bench : public testing::Test {
  protected:
    Bench() {
        core::Rng rng(1);
        for (int i = 0; i < 40; ++i) lines_.push_back(network(rng));
    }
    Outcome run(const std::vector<std::string>& options) const {
        core::write_file_atomic(file_, fmt::format("{}\n", fmt::join(lines_, "\n")));
        std::vector<std::string> command{"bench", "surrogates", file_};
        command.insert(command.end(), options.begin(), options.end());
        return run_program("nachos", command);
    }
    /// With line 3 changed.
    void expect_refusal(const std::string& from, const std::string& to, const std::string& sentence) {
        const std::string before = lines_[2];
        const auto at = before.find(from);
        ASSERT_NE(at, std::string::npos);
        lines_[2].replace(at, from.size(), to);
        const Outcome outcome = run({});
        EXPECT_EQ(outcome.exit_code, 4) << sentence;
        EXPECT_EQ(outcome.sentence(), file_ + ", line 3: " + sentence + "\n");
        EXPECT_EQ(outcome.out, "");
        lines_[2] = before;
    }

    const test::TempFolder folder_;
    const std::string file_ = (folder_ / "archive.jsonl").string();
    std::vector<std::string> lines_;
};

TEST_F(Bench, SurrogatesPrintsWhatAdaptiveSwitchingChoseBy) {
    const Outcome outcome = run({"--target", "top1", "--folds", "3", "--first", "20"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const json out = json::parse(outcome.out);
    EXPECT_EQ(out["networks"], 40);
    ASSERT_EQ(out["targets"].size(), 1U);
    const json& validation = out["targets"][0]["cross_validation"];
    EXPECT_EQ(validation["surrogates"].size(), 5U);
    double best = -1;
    for (const auto& [name, e] : validation["surrogates"].items()) {
        best = std::max(best, e["kendall"].get<double>() - e["kendall_std"].get<double>());
        for (const char* key : {"rmse", "spearman", "fit_seconds"}) EXPECT_TRUE(e[key].is_number()) << name << key;
    }
    const json& chosen = validation["adaptive_switching"];
    EXPECT_DOUBLE_EQ(chosen["kendall"].get<double>() - chosen["kendall_std"].get<double>(), best);
    EXPECT_EQ(validation["surrogates"][chosen["chosen"].get<std::string>()]["kendall"], chosen["kendall"]);
    EXPECT_GT(chosen["kendall"], 0.5);
    EXPECT_EQ(out["targets"][0]["later"]["fitted_on_first"], 20);
    EXPECT_GT(out["targets"][0]["later"]["adaptive_switching"]["kendall"], 0.5);
}

TEST_F(Bench, BadArchivesAreOneSentence) {
    expect_refusal("\"kernel\"", "\"kernels\"", "key 'kernel' is missing");
    expect_refusal("\"top1\":", "\"top1\":NaN,\"x\":", "is not JSON");
    expect_refusal("\"top1\":", "\"top1\":null,\"x\":", "key 'top1' holds null, a number is needed");
    expect_refusal("\"avg_macs_m\":", "\"avg_macs_m\":-1,\"x\":",
                   "key 'avg_macs_m' holds -1, a number above 0 and at most 1000000000 is needed");
    expect_refusal("\"resolution\":32", "\"resolution\":3.5", "key 'resolution' holds 3.5, a whole number is needed");
    expect_refusal("\"depth\":[", "\"depth\":[4,", "key 'depth' has 6 entries, 5 are needed");
    expect_refusal("\"expand\":[", "\"expand\":[0.5,", "key 'expand' holds 0.5, whole numbers from 1 to 16 are allowed");
    expect_refusal("\"threshold\":[", "\"threshold\":[\"a\",", "key 'threshold' holds \"a\", a number is needed");
    expect_refusal(lines_[2], "[1]", "is array, a JSON object is needed");
    expect_refusal(lines_[2].substr(20), "", "is not JSON");  // truncated
    lines_.resize(19);
    EXPECT_EQ(run({}).sentence(), file_ + ": holds 19 networks, at least 20 are needed\n");
    EXPECT_EQ(run_program("nachos", {"bench", "surrogates", "no-such-file"}).exit_code, 4);
    EXPECT_EQ(run({"--target", "latency"}).exit_code, 2);
}

TEST(BenchNsga2, PrintsHypervolumesAndFronts) {
    const Outcome outcome = run_program("nachos", {"bench", "nsga2", "--generations", "20", "--seeds", "2"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const json out = json::parse(outcome.out);
    ASSERT_EQ(out["problems"].size(), 4U);
    for (const json& p : out["problems"]) {
        EXPECT_EQ(p["hypervolume"]["by_seed"].size(), 2U);
        EXPECT_GT(p["seconds"]["median"], 0);
    }
    for (const json& p : out["enumerated"])
        for (const json& found : p["found_by_seed"]) EXPECT_EQ(found, p["front"]) << p["name"];
    EXPECT_EQ(run_program("nachos", {"bench", "nsga2", "--seeds", "0"}).exit_code, 2);
}

/// Bars: the best single model of another library, see docs/search.md, which also tells the two that are not asked for here.
TEST(BenchSlow, MeasuredArchives) {
    const char* data = std::getenv("NACHOS_DATA");
    if (data == nullptr) GTEST_SKIP() << "skipped: no data";
    const auto figures = [&](const std::string& name) {
        const Outcome outcome = run_program("nachos", {"bench", "surrogates", data + ("/edanas/" + name + ".jsonl")});
        EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
        const json out = json::parse(outcome.out);
        for (const json& t : out["targets"]) EXPECT_LT(t["all_fits_seconds"], 5);
        return out["targets"];
    };
    const json cifar10 = figures("cifar10"), cinic10 = figures("cinic10");
    const auto validated = [](const json& target) { return target["cross_validation"]["adaptive_switching"]["kendall"]; };
    EXPECT_GE(validated(cifar10[1]), 0.799);
    EXPECT_GE(validated(cinic10[0]), 0.841);
    EXPECT_GE(validated(cinic10[1]), 0.900);
    EXPECT_GT(cifar10[0]["later"]["adaptive_switching"]["kendall"], 0.406);
}

}  // namespace
}  // namespace nachos::cli
