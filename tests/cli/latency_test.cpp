#include "arch/search_space.h"
#include "cli/latency_file.h"
#include "cli/program.h"
#include "cost/cost.h"
#include "cost/space_layers.h"
#include "study/store.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <numeric>

// nachos-run lut, and what a search does with its table.

namespace nachos::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using test::kTinyConfig;
using test::Outcome;
using test::run_program;
using test::TempFolder;

std::vector<std::string> lut(const fs::path& out, std::vector<std::string> more) {
    more.insert(more.begin(), {"lut", "--out", out.string(), "--passes", "1", "--progress", "off"});
    return more;
}

void expect_sentence(const Outcome& outcome, int code, const std::string& part) {
    EXPECT_EQ(outcome.exit_code, code) << outcome.err;
    EXPECT_NE(outcome.err.find(part), std::string::npos) << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
}

TEST(Lut, MeasuresTheSpaceOfAConfiguration) {
    const TempFolder folder;
    const Outcome outcome =
        run_program("nachos-run", lut(folder / "lut.json", {kTinyConfig, "--designs", "4", "--format", "json"}));
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const json said = json::parse(outcome.out);
    const cost::LatencyTable table = read_latency_table((folder / "lut.json").string());
    EXPECT_EQ(said["layers"], table.layers.size());
    EXPECT_EQ(said["median_error"], table.check.median_error);
    EXPECT_EQ(table.check.designs, 4);
    EXPECT_EQ(cost::mismatch(table, this_device()), "");
    EXPECT_EQ(table.input, (arch::Shape{1, 16, 16}));  // read off the data
    EXPECT_EQ(table.classes, 4);
    std::set<int> designs;
    for (const json& d : said["designs"]) designs.insert(d["design"].get<int>());
    EXPECT_EQ(designs.size(), 4U);
}

TEST(Lut, MeasuresANamedSpaceWithoutData) {
    const TempFolder folder;
    const std::vector<std::string> narrow{"--resolution", "16", "--channels", "1", "--classes", "3", "--designs", "2"};
    const Outcome outcome = run_program("nachos-run", lut(folder / "lut.json", narrow));
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_NE(outcome.out.find("2 random designs, all their exits: median error "), std::string::npos) << outcome.out;
    EXPECT_NE(outcome.out.find("rank correlation "), std::string::npos);
    const cost::LatencyTable table = read_latency_table((folder / "lut.json").string());
    const arch::SearchSpace space = arch::make_space({}, {.resolution = 16, .channels = 1, .classes = 3});
    EXPECT_TRUE(cost::missing_layers(space, table).empty());
}

TEST(Lut, MistakesAreOneSentence) {
    const TempFolder folder;
    expect_sentence(run_program("nachos-run", {"lut"}), 2, "--out");
    expect_sentence(run_program("nachos-run", lut(folder / "l", {"--space", "mbv3-smal"})), 2, "mbv3-small");
    expect_sentence(run_program("nachos-run", lut(folder / "l", {(folder / "none.toml").string()})), 4, "none.toml");
    expect_sentence(run_program("nachos-run", lut(folder / "l", {kTinyConfig, "space.nam=x"})), 2, "space.name");
    expect_sentence(run_program("nachos-run", lut(folder / "no/l", {"--resolution", "8", "--designs", "1"})), 1, "no/l");
}

/// Every layer of the tiny configuration's space, a microsecond and its work: made up, so that what is asked for is known.
arch::SearchSpace tiny_space() {
    arch::SpaceOptions options;
    options.stem_stride = {2};
    options.depth = {{1}, {1}, {1, 2}, {1}};
    options.width = {{8}, {8, 16}, {16, 24}, {24, 32}};
    return arch::make_space(options, {16, 1, 4});
}

cost::LatencyTable made_up_table() {
    cost::LatencyTable table;
    table.device = this_device();
    table.input = {1, 16, 16};
    table.classes = 4;
    table.inference_us = 2;
    table.exit_us = 1;
    for (const arch::NetDesc& net : cost::covering_networks(tiny_space()))
        for (const arch::Layer& l : net.layers)
            table.layers[cost::key_of(l)] = {1 + 1e-4 * static_cast<double>(l.macs()), 0, 1};
    return table;
}

class LatencyJob : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        if (!test::built("nachos-train")) return;
        root_ = new TempFolder;
        core::write_file_atomic(table(), cost::to_json(made_up_table()));
        first_ = run_program("nachos", search());
    }
    static void TearDownTestSuite() {
        delete root_;
        root_ = nullptr;
    }
    void SetUp() override {
        if (root_ == nullptr) GTEST_SKIP() << "skipped: built without libtorch";
        ASSERT_EQ(first_.exit_code, 0) << first_.err;
    }

    static fs::path table() { return *root_ / "lut.json"; }
    static std::string study() { return (*root_ / "study").string(); }
    static std::vector<std::string> search(const std::vector<std::string>& more = {}) {
        std::vector<std::string> command{"search", kTinyConfig, "precision=float32", "--out", study(), "--progress", "off"};
        for (const char* key :
             {"limits.max_avg_macs=none", "limits.min_accuracy=0.3", "supernet.epochs=2", "search.initial=6",
              "search.evaluations=14", "search.batch=4", "final.top=1", "final.comparators=false"})
            command.emplace_back(key);
        command.push_back("limits.max_avg_latency_us=" + std::to_string(kLimit));
        command.push_back("latency.table=" + table().string());
        command.insert(command.end(), more.begin(), more.end());
        return command;
    }
    static json pareto(std::vector<std::string> more) {
        more.insert(more.begin(), {"pareto", study(), "--format", "json"});
        const Outcome outcome = run_program("nachos", more);
        EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
        return json::parse(outcome.out);
    }

    static constexpr double kLimit = 60;
    static inline TempFolder* root_ = nullptr;
    static inline Outcome first_;
};

TEST_F(LatencyJob, EveryDesignMeetsTheLimitAndSaysItsLatency) {
    for (const char* stage : {"--searched", ""}) {
        const json result = pareto(*stage == '\0' ? std::vector<std::string>{} : std::vector<std::string>{stage});
        EXPECT_EQ(result["limits"]["max_avg_latency_us"], kLimit);
        ASSERT_FALSE(result["designs"].empty());
        for (const json& d : result["designs"]) {
            const auto shares = d["exit_share"].get<std::vector<double>>(),
                       us = d["exit_latency_us"].get<std::vector<double>>();
            EXPECT_NEAR(d["avg_latency_us"], std::inner_product(us.begin(), us.end(), shares.begin(), 0.0), 1e-9);
            EXPECT_LE(d["avg_latency_us"], kLimit);
            const arch::ArchSpec spec = arch::spec_from_json(d["arch"].dump(), "pareto.json");
            const auto predicted = cost::latency_us(arch::space_of(spec).build(spec), made_up_table());
            for (std::size_t e = 0; e < us.size(); ++e) EXPECT_DOUBLE_EQ(us[e], predicted[e]);
        }
    }
    // The largest architecture breaks it whatever the thresholds, so it was never evaluated; a tighter limit needs no rerun.
    EXPECT_GT(cost::latency_us(tiny_space().build(tiny_space().largest()), made_up_table()).front(), kLimit);
    for (const study::Evaluation& e : study::Study::open_readonly(study()).evaluations())
        EXPECT_LE(e.costs.latency_us.front(), kLimit);
    const json all = pareto({"--searched"})["designs"];
    const double least = all.front()["avg_latency_us"];
    const json tight = pareto({"--searched", "--max-avg-latency-us", std::to_string(least + 0.01)})["designs"];
    ASSERT_FALSE(tight.empty());
    for (const json& d : tight) EXPECT_LE(d["avg_latency_us"], least + 0.01);
    const Outcome none = run_program("nachos", {"pareto", study(), "--searched", "--max-avg-latency-us", "1"});
    EXPECT_EQ(none.exit_code, 3) << "an inference alone takes 2 us by the table";
}

TEST_F(LatencyJob, TrainedDesignsAreMeasuredHere) {
    EXPECT_NE(first_.out.find("avg latency"), std::string::npos) << first_.out;
    EXPECT_NE(first_.out.find("measured"), std::string::npos) << first_.out;
    EXPECT_NE(first_.out.find("latencies are by a table measured on"), std::string::npos) << first_.out;
    for (const study::TrainedModel& m : study::Study::open_readonly(study()).models()) {
        ASSERT_EQ(m.costs.measured_latency_us.size(), m.costs.executed_macs.size());
        for (std::size_t e = 1; e < m.costs.measured_latency_us.size(); ++e)
            EXPECT_GT(m.costs.measured_latency_us[e], m.costs.measured_latency_us[e - 1]);
    }
    const std::string csv = core::read_file(fs::path(study()) / "pareto.csv");
    EXPECT_NE(csv.find("avg_latency_us,measured_avg_latency_us\n"), std::string::npos) << csv;
}

TEST_F(LatencyJob, TheTableBelongsToTheStudy) {
    EXPECT_EQ(core::read_file(fs::path(study()) / "latency.json"), cost::to_json(made_up_table()));
    cost::LatencyTable other = made_up_table();
    other.exit_us += 1;
    const fs::path changed = *root_ / "other.json";
    core::write_file_atomic(changed, cost::to_json(other));
    expect_sentence(run_program("nachos", search({"latency.table=" + changed.string()})), 2, "latency.digest");
    const fs::path moved = *root_ / "moved.json";  // another place, another layout, the same table
    core::write_file_atomic(moved, json::parse(cost::to_json(made_up_table())).dump(1));
    const Outcome again = run_program("nachos", search({"latency.table=" + moved.string()}));
    EXPECT_EQ(again.exit_code, 0) << again.err;
    EXPECT_EQ(again.out, first_.out);
}

// The same job with latency in the place of MACs: front, axes and chart are in microseconds and say so.
TEST_F(LatencyJob, LatencyAsTheObjective) {
    const std::string folder = (*root_ / "objective").string();
    auto command = search({"search.cost=latency", "limits.max_avg_latency_us=none", "search.evaluations=10"});
    *std::find(command.begin(), command.end(), study()) = folder;
    const Outcome outcome = run_program("nachos", command);
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const json result = json::parse(run_program("nachos", {"pareto", folder, "--searched", "--format", "json"}).out);
    EXPECT_FALSE(result["hypervolume_axes"].contains("max_macs"));
    const arch::ArchSpec largest = tiny_space().largest();
    EXPECT_DOUBLE_EQ(result["hypervolume_axes"]["max_latency_us"],
                     cost::latency_us(tiny_space().build(largest), made_up_table()).back());
    ASSERT_GE(result["designs"].size(), 2U);
    for (std::size_t i = 0; i < result["designs"].size(); ++i) {
        const json& d = result["designs"][i];
        if (i > 0) {
            EXPECT_GT(d["avg_latency_us"], result["designs"][i - 1]["avg_latency_us"]);
        }
        // MACs stay MACs: by the same shares, from the network's own costs.
        const arch::ArchSpec spec = arch::spec_from_json(d["arch"].dump(), "pareto.json");
        const auto macs = cost::costs_of(arch::space_of(spec).build(spec)).executed_macs;
        double average = 0;
        for (std::size_t e = 0; e < macs.size(); ++e)
            average += d["exit_share"][e].get<double>() * static_cast<double>(macs[e]);
        EXPECT_NEAR(d["avg_macs"], average, 1e-6 * average);
        EXPECT_EQ(d["worst_macs"], macs.back());
    }
    const std::string plot = run_program("nachos", {"pareto", folder, "--searched"}).out;
    EXPECT_NE(plot.find("average latency (log scale)"), std::string::npos) << plot;
    EXPECT_EQ(plot.find("average MACs"), std::string::npos) << plot;
    expect_sentence(run_program("nachos", search({"search.cost=latency", "search.engine=nachos-paper"})), 2,
                    "knows MACs alone");
}

TEST_F(LatencyJob, MistakesAreOneSentence) {
    expect_sentence(run_program("nachos", search({"latency.table="})), 2, "limits.max_avg_latency_us needs latencies");
    expect_sentence(run_program("nachos", search({"latency.table=/nowhere/lut.json"})), 4, "/nowhere/lut.json");
    expect_sentence(run_program("nachos", search({"space.width=[[8],[8,16],[16,24],[24,64]]"})), 2, "lacks");
    const Outcome none = run_program("nachos", {"pareto", study(), "--max-avg-latency-us", "5"});
    EXPECT_EQ(none.exit_code, 3) << none.err;
    EXPECT_NE(none.err.find("max_avg_latency_us is "), std::string::npos) << none.err;
}

}  // namespace
}  // namespace nachos::cli
