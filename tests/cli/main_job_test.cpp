#include "cli/program.h"
#include "report/page.h"
#include "study/sample_images.h"
#include "study/store.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstring>
#include <map>
#include <numeric>
#include <regex>
#include <set>

// The main job, from the command to the files, with the real programs. All tests look at one search of configs/tiny.toml.

namespace nachos::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using nlohmann::ordered_json;
using test::kTinyConfig;
using test::Outcome;
using test::run_program;
using test::TempFolder;

constexpr const char* kData = "synthetic:1200";  // as in configs/tiny.toml
constexpr double kMaxAvgMacs = 250000;
constexpr double kMinAccuracy = 0.5;
constexpr std::size_t kEvaluations = 40;
constexpr std::size_t kTrained = 2;

/// The trained designs of a study, without what they are compared with.
std::vector<study::TrainedModel> designs_of(const fs::path& folder) {
    std::vector<study::TrainedModel> models = study::Study::open_readonly(folder).models();
    std::erase_if(models, [](const study::TrainedModel& m) { return m.comparator; });
    return models;
}

std::string text_of(const fs::path& path) { return core::read_file(path, 1 << 26); }

/// In float32: what so small a search finds must not depend on the processor.
std::vector<std::string> search_in(const fs::path& folder, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"search", kTinyConfig, "precision=float32", "--out", folder.string(), "--progress", "off"});
    return more;
}

class MainJob : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        if (!test::built("nachos-train")) return;
        root_ = new TempFolder;
        study_ = *root_ / "study";
        first_ = run_program("nachos", search_in(study_));
    }
    static void TearDownTestSuite() {
        delete root_;
        root_ = nullptr;
    }
    void SetUp() override {
        if (root_ == nullptr) GTEST_SKIP() << "skipped: built without libtorch";
        ASSERT_EQ(first_.exit_code, 0) << first_.err;
        pareto_ = ordered_json::parse(text_of(study_ / "pareto.json"));
        ASSERT_GE(designs().size(), 2U);
    }

    const ordered_json& designs() const { return pareto_["designs"]; }

    /// The profile of a file, as nachos prints it.
    json profile(const fs::path& file) const {
        const Outcome outcome = run_program("nachos", {"profile", file.string(), "--format", "json"});
        EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
        return json::parse(outcome.out);
    }
    json profile_of(const ordered_json& design) const {
        core::write_file_atomic(scratch_ / "arch.json", design["arch"].dump());
        return profile(scratch_ / "arch.json");
    }

    /// A copy of the study that a test may go on with.
    fs::path copy() const {
        fs::copy(study_, scratch_ / "copy", fs::copy_options::recursive);
        return scratch_ / "copy";
    }

    static inline TempFolder* root_ = nullptr;
    static inline fs::path study_;
    static inline Outcome first_;
    const TempFolder scratch_;
    ordered_json pareto_;
};

TEST_F(MainJob, LeavesTheFilesOfTheContract) {
    for (const char* name : {"config.toml", "study.db", "pareto.csv", "pareto.json", "report.html", "log.jsonl"})
        EXPECT_GT(fs::file_size(study_ / name), 0U) << name;
    for (const char* name : {"checkpoints", "tables", "models", "samples"})
        EXPECT_FALSE(fs::is_empty(study_ / name)) << name;
    EXPECT_EQ(first_.err, "");
    EXPECT_NE(first_.out.find("report  " + (study_ / "report.html").string()), std::string::npos) << first_.out;
    for (const auto& d : designs()) {
        const std::string model = (study_ / "models" / d["id"].get<std::string>().substr(0, 12)).string();
        EXPECT_NE(first_.out.find(fmt::format("model   {}.safetensors\n", model)), std::string::npos) << first_.out;
    }
    std::istringstream log(text_of(study_ / "log.jsonl"));
    std::set<std::string> phases;
    for (std::string line; std::getline(log, line);) phases.insert(json::parse(line).value("phase", ""));
    EXPECT_TRUE(phases.contains("supernet") && phases.contains("search") && phases.contains("final"));
}

TEST_F(MainJob, KeepsSampleImagesAndWritesThePageThatRunsADesign) {
    const study::SampleImages samples = study::load_samples(study_ / study::kSampleFile);
    EXPECT_EQ(samples.size(), 96U);
    EXPECT_EQ(std::set<int>(samples.rows.begin(), samples.rows.end()).size(), 96U);
    const Outcome data = run_program("nachos", {"report", study_.string(), "--json"});
    EXPECT_EQ(json::parse(data.out).at("designs").size(), kEvaluations) << data.err;
    EXPECT_EQ(run_program("nachos", {"report", study_.string(), "--json", "--out", "x"}).exit_code, 2);
    if (!report::has_page()) GTEST_SKIP() << "built without npm";
    const std::string out = (scratch_ / "try.html").string();
    const auto run = [&](std::vector<std::string> more) {
        more.insert(more.begin(), {"report", study_.string(), "--out", out});
        return run_program("nachos", more);
    };
    const Outcome written = run({"--try"});
    ASSERT_EQ(written.exit_code, 0) << written.err;
    EXPECT_EQ(written.out, out + "\n");
    const std::string page = text_of(out);
    const std::string best = designs().back()["id"].get<std::string>().substr(0, 12);
    EXPECT_NE(page.find("\"model\":\"" + best + "\""), std::string::npos);
    EXPECT_NE(page.find("\"recorded\":{\"confidences\":["), std::string::npos);
    const Outcome unknown = run({"--try", "--design", "none"});
    EXPECT_EQ(unknown.exit_code, 2);
    EXPECT_NE(unknown.err.find("no trained network 'none'; it has "), std::string::npos) << unknown.err;
    EXPECT_EQ(run({"--design", best}).exit_code, 2);
}

TEST_F(MainJob, ParetoJsonHasTheKeysOfTheContract) {
    const auto keys = [](const ordered_json& object) {
        std::vector<std::string> names;
        for (const auto& [key, value] : object.items()) names.push_back(key);
        return names;
    };
    using Names = std::vector<std::string>;
    EXPECT_EQ(keys(pareto_), (Names{"hypervolume", "hypervolume_axes", "limits", "designs"}));
    EXPECT_EQ(keys(designs()[0]),
              (Names{"id", "arch", "measure", "thresholds", "accuracy", "avg_macs", "avg_macs_paper", "p95_macs",
                     "worst_macs", "params", "peak_activation_bytes", "exit_share", "admissible"}));
    EXPECT_EQ(keys(designs()[0]["accuracy"]), (Names{"search", "calibration", "test"}));
    EXPECT_EQ(pareto_["limits"]["max_avg_macs"], kMaxAvgMacs);
    EXPECT_TRUE(pareto_["limits"]["max_params"].is_null());
    EXPECT_GT(pareto_["hypervolume"], 0);
    EXPECT_LE(pareto_["hypervolume"], 1);
    EXPECT_EQ(text_of(study_ / "pareto.json").find(study_.string()), std::string::npos);
    const std::string csv = text_of(study_ / "pareto.csv");
    EXPECT_EQ(static_cast<std::size_t>(std::count(csv.begin(), csv.end(), '\n')), designs().size() + 1);
    for (const auto& d : designs()) EXPECT_NE(csv.find(fmt::format("\n{},", d["id"].get<std::string>())), std::string::npos);
}

TEST_F(MainJob, TheFrontMeetsTheLimitsAndNoDesignDominatesAnother) {
    for (std::size_t i = 0; i < designs().size(); ++i) {
        const auto& d = designs()[i];
        EXPECT_LE(d["avg_macs"], kMaxAvgMacs);
        EXPECT_GE(d["accuracy"]["calibration"], kMinAccuracy);
        EXPECT_EQ(d["admissible"], true);
        if (i == 0) continue;
        EXPECT_GT(d["avg_macs"], designs()[i - 1]["avg_macs"]);
        EXPECT_GT(d["accuracy"]["calibration"], designs()[i - 1]["accuracy"]["calibration"]);
    }
}

TEST_F(MainJob, EveryDesignAgreesWithItsProfile) {
    for (const auto& d : designs()) {
        const json p = profile_of(d);
        const auto executed = p["executed_macs"].get<std::vector<std::int64_t>>();
        const auto share = d["exit_share"].get<std::vector<double>>();
        ASSERT_EQ(share.size(), executed.size());
        EXPECT_EQ(d["thresholds"].size(), executed.size() - 1);
        EXPECT_NEAR(std::accumulate(share.begin(), share.end(), 0.0), 1, 1e-12);
        const double average = std::inner_product(share.begin(), share.end(), executed.begin(), 0.0);
        EXPECT_NEAR(d["avg_macs"], average, 1e-9 * average);
        EXPECT_LE(d["avg_macs_paper"], d["avg_macs"]);
        for (const char* key : {"p95_macs", "worst_macs"})
            EXPECT_EQ(std::count(executed.begin(), executed.end(), d[key].get<std::int64_t>()), 1) << key;
        EXPECT_LE(d["p95_macs"], d["worst_macs"]);
        EXPECT_EQ(d["params"], p["params"]);
        EXPECT_EQ(d["peak_activation_bytes"], p["peak_activation_bytes"]);
        for (const auto& [part, accuracy] : d["accuracy"].items()) {
            EXPECT_GE(accuracy, 0) << part;
            EXPECT_LE(accuracy, 1) << part;
        }
    }
}

TEST_F(MainJob, TheSameCommandAgainChangesNothing) {
    const std::string before = text_of(study_ / "pareto.json");
    std::map<fs::path, fs::file_time_type> written;
    for (const char* name : {"checkpoints", "models", "tables"})
        for (const auto& entry : fs::directory_iterator(study_ / name)) written[entry.path()] = entry.last_write_time();
    const Outcome again = run_program("nachos", search_in(study_));
    EXPECT_EQ(again.exit_code, 0) << again.err;
    EXPECT_EQ(again.out, first_.out);
    EXPECT_EQ(text_of(study_ / "pareto.json"), before);
    for (const auto& [path, time] : written) EXPECT_EQ(fs::last_write_time(path), time) << path;
    EXPECT_EQ(study::Study::open_readonly(study_).test_reads().size(), 1U);
}

TEST_F(MainJob, ToBeginAnewAndNotToBeginExcludeEachOther) {
    const Outcome outcome = run_program("nachos", search_in(study_, {"--overwrite", "--resume-only"}));
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_NE(outcome.err.find("--overwrite"), std::string::npos) << outcome.err;
}

TEST_F(MainJob, EvaluationsOfOtherWeightsAreNotTrained) {
    const fs::path other = copy();
    const auto trained = designs_of(other);
    {
        auto study = study::Study::resume(other);
        auto evaluations = study.evaluations();
        const auto untrained = std::find_if(evaluations.begin(), evaluations.end(), [&](const study::Evaluation& e) {
            return e.ok() && !e.curve.empty() &&
                   std::none_of(trained.begin(), trained.end(), [&](const auto& m) { return m.arch == e.arch; });
        });
        ASSERT_NE(untrained, evaluations.end());
        for (study::CurvePoint& p : untrained->curve) p.point.accuracy = 1;  // the best there is, were it of these weights
        study.append("of other weights", *untrained);
    }
    const Outcome outcome = run_program("nachos", {"final", other.string(), "--progress", "off"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(designs_of(other).size(), trained.size());
}

TEST_F(MainJob, TheSameSeedGivesTheSameBytesWhateverTheWorkersAndStops) {
    const fs::path other = scratch_ / "other";
    const Outcome stopped = run_program("nachos", search_in(other, {"--max-hours", "1e-9"}));
    EXPECT_EQ(stopped.exit_code, 75);
    EXPECT_EQ(stopped.sentence(), "stopped after epoch 1 of 5 of supernet; the same command goes on from there\n");
    const Outcome resumed = run_program("nachos", search_in(other, {"--workers", "1"}));
    ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
    EXPECT_EQ(text_of(other / "pareto.json"), text_of(study_ / "pareto.json"));
}

// Whatever the processor: libtorch then computes in bfloat16 by other means.
TEST_F(MainJob, NetworksLearnWithMapsInBFloat16) {
    const fs::path folder = *root_ / "bfloat16";
    const Outcome outcome =
        run_program("nachos", search_in(folder, {"precision=bfloat16", "limits.min_accuracy=none", "search.evaluations=8",
                                                 "search.initial=8", "final.top=1", "final.comparators=false"}));
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_NE(text_of(folder / "config.toml").find("precision = \"bfloat16\""), std::string::npos);
    EXPECT_NE(text_of(folder / "report.html").find("maps in bfloat16"), std::string::npos);
    const ordered_json designs = ordered_json::parse(text_of(folder / "pareto.json"))["designs"];
    ASSERT_FALSE(designs.empty());
    EXPECT_GT(designs.back()["accuracy"]["test"], 0.5);  // of four classes
}

TEST_F(MainJob, AnotherSeedGivesOtherDesigns) {
    const fs::path other = scratch_ / "other";
    const Outcome outcome = run_program("nachos", search_in(other, {"seed=5"}));
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_NE(ordered_json::parse(text_of(other / "pareto.json"))["designs"], designs());
}

TEST_F(MainJob, AnotherConfigurationIsRefusedAndLeavesTheStudyAlone) {
    const std::string before = text_of(study_ / "config.toml");
    const Outcome outcome = run_program("nachos", search_in(study_, {"supernet.epochs=3"}));
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_EQ(outcome.sentence(), "the study in " + study_.string() +
                                      " was made with another configuration: supernet.epochs is 5 there, 3 now\n");
    EXPECT_EQ(text_of(study_ / "config.toml"), before);
}

TEST_F(MainJob, ALargerBudgetGoesOnFromWhatIsThere) {
    const fs::path folder = copy();
    const auto trained = fs::last_write_time(folder / "checkpoints/supernet.safetensors");
    const Outcome outcome = run_program("nachos", search_in(folder, {"search.evaluations=48"}));
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(fs::last_write_time(folder / "checkpoints/supernet.safetensors"), trained);
    const auto before = study::Study::open_readonly(study_).evaluations();
    const auto after = study::Study::open_readonly(folder).evaluations();
    EXPECT_EQ(before.size(), kEvaluations);
    ASSERT_EQ(after.size(), kEvaluations + 8);
    for (std::size_t i = 0; i < before.size(); ++i) EXPECT_EQ(arch::arch_id(after[i].arch), arch::arch_id(before[i].arch));
}

TEST_F(MainJob, ADamagedCheckpointIsNamedAndCanBeMadeAnew) {
    const fs::path folder = copy();
    const fs::path checkpoint = folder / "checkpoints/supernet.safetensors";
    std::string bytes = core::read_file(checkpoint, 1 << 26);
    bytes[bytes.size() / 2] ^= 1;
    core::write_file_atomic(checkpoint, bytes);
    const Outcome damaged = run_program("nachos", search_in(folder, {"search.evaluations=48"}));
    EXPECT_EQ(damaged.exit_code, 4);
    EXPECT_NE(damaged.sentence().find(checkpoint.string()), std::string::npos) << damaged.err;
    EXPECT_EQ(std::count(damaged.err.begin(), damaged.err.end(), '\n'), 1) << damaged.err;
    EXPECT_EQ(run_program("nachos", {"pareto", folder.string(), "--format", "json"}).out, text_of(study_ / "pareto.json"));
    fs::remove(checkpoint);
    const Outcome anew = run_program("nachos", search_in(folder));
    ASSERT_EQ(anew.exit_code, 0) << anew.err;
    EXPECT_EQ(text_of(folder / "pareto.json"), text_of(study_ / "pareto.json"));
}

TEST_F(MainJob, ParetoAnswersUnderOtherLimitsAtOnce) {
    const Outcome same = run_program("nachos", {"pareto", study_.string(), "--format", "json"});
    EXPECT_EQ(same.out, text_of(study_ / "pareto.json"));
    // A tighter limit on what the front is sorted by cuts it off there.
    const std::string limit = designs()[0]["avg_macs"].dump();
    const Outcome tighter = run_program("nachos", {"pareto", study_.string(), "--format", "json", "--max-avg-macs", limit});
    ASSERT_EQ(tighter.exit_code, 0) << tighter.err;
    const auto cut = ordered_json::parse(tighter.out);
    ASSERT_EQ(cut["designs"].size(), 1U);
    EXPECT_EQ(cut["designs"][0], designs()[0]);
    test::expect_fast("nachos", {"pareto", study_.string()});
}

TEST_F(MainJob, LimitsThatNothingMeetsNameTheNearestAndTheGap) {
    const Outcome outcome = run_program("nachos", {"pareto", study_.string(), "--max-avg-macs", "10000"});
    EXPECT_EQ(outcome.exit_code, 3);
    EXPECT_EQ(outcome.out, "");
    EXPECT_TRUE(std::regex_match(
        outcome.err, std::regex("nachos: no design meets the limits; the nearest:\n"
                                "(  [0-9a-f]{12}-\\d\\d: max_avg_macs is \\d+\\.\\d k, \\d+\\.\\d % above 10\\.0 k\n)+")))
        << outcome.err;
}

TEST_F(MainJob, FinalTakesOtherLimits) {
    const Outcome front = run_program("nachos", {"pareto", study_.string(), "--searched", "--format", "json"});
    const json cheapest = json::parse(front.out)["designs"][0];
    const fs::path folder = copy();
    const Outcome outcome =
        run_program("nachos", {"final", folder.string(), "--top", "1", "--progress", "off", "--min-accuracy", "none",
                               "--max-avg-macs", fmt::format("{}", cheapest["avg_macs"].get<double>() + 1)});
    if (outcome.exit_code != 0) {  // trained, its average may be a little above a limit that it just met in the search
        ASSERT_EQ(outcome.exit_code, 3) << outcome.err;
        EXPECT_NE(outcome.err.find("no trained design meets the limits"), std::string::npos) << outcome.err;
    }
    bool trained = false;
    for (const auto& m : study::Study::open_readonly(folder).models())
        trained = trained || cheapest["id"].get<std::string>().starts_with(m.name);
    EXPECT_TRUE(trained) << cheapest["id"];
}

TEST_F(MainJob, FinalTrainsOneMoreAndCountsItsLookAtTheTest) {
    const Outcome front = run_program("nachos", {"pareto", study_.string(), "--searched", "--format", "json"});
    const json result = json::parse(front.out);
    std::set<std::string> searched;
    for (const auto& d : result["designs"]) searched.insert(d["arch"].dump());
    ASSERT_GT(searched.size(), kTrained) << "configs/tiny.toml must find more architectures than it trains";
    const fs::path folder = copy();
    const auto models = designs_of(folder);
    ASSERT_EQ(models.size(), kTrained);
    const std::string kept = text_of(folder / models[0].model_file);
    const Outcome outcome =
        run_program("nachos", {"final", folder.string(), "--top", fmt::format("{}", kTrained + 1), "--progress", "off"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const auto study = study::Study::open_readonly(folder);
    EXPECT_EQ(designs_of(folder).size(), kTrained + 1);
    EXPECT_EQ(text_of(folder / models[0].model_file), kept);
    EXPECT_EQ(study.test_reads().size(), 2U);
}

TEST_F(MainJob, WhatTheBestDesignIsComparedWithIsTrainedAndMeasuredAlike) {
    const auto study = study::Study::open_readonly(study_);
    std::set<std::string> kinds;
    for (const auto& model : study.models()) {
        if (!model.comparator) continue;
        kinds.insert(model.name.substr(0, model.name.rfind('-')));
        ASSERT_FALSE(model.points.empty()) << model.name;
        EXPECT_TRUE(model.points.back().test) << model.name;
    }
    EXPECT_EQ(kinds, (std::set<std::string>{"no-exits", "best-plain", "branchynet", "edanas"}));
    EXPECT_NE(first_.out.find("compared with"), std::string::npos) << first_.out;
    EXPECT_NE(first_.out.find("Early exits"), std::string::npos) << first_.out;
    EXPECT_EQ(study.test_reads().size(), 1U);
}

TEST_F(MainJob, ComparatorsCanBeLeftOut) {
    const fs::path other = scratch_ / "other";
    const Outcome outcome = run_program("nachos", search_in(other, {"final.comparators=false"}));
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(study::Study::open_readonly(other).models().size(), kTrained);
    const Outcome more = run_program("nachos", {"final", other.string(), "--no-comparators", "--progress", "off"});
    EXPECT_EQ(more.exit_code, 0) << more.err;
    EXPECT_EQ(study::Study::open_readonly(other).models().size(), kTrained);
    EXPECT_EQ(text_of(other / "pareto.json"), text_of(study_ / "pareto.json"));
}

/// The length of a safetensors file's header: the first 8 bytes, behind which it stands as JSON.
std::uint64_t header_length(const std::string& bytes) {
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), sizeof length);
    return length;
}

TEST_F(MainJob, ModelsAreReadByAnyReader) {
    for (const auto& model : study::Study::open_readonly(study_).models()) {
        const std::string bytes = text_of(study_ / model.model_file);
        json header = json::parse(bytes.substr(8, header_length(bytes)));
        const json metadata = header["__metadata__"];
        header.erase("__metadata__");
        for (const char* key : {"schema_version", "arch", "net", "preprocessing", "class_names", "measure", "calibration",
                                "threshold_sets", "costs"})
            EXPECT_TRUE(metadata.contains(key)) << key;
        EXPECT_EQ(json::parse(metadata["class_names"].get<std::string>()),
                  json::parse(R"(["left","right","rising","falling"])"));
        EXPECT_EQ(json::parse(metadata["arch"].get<std::string>()), json::parse(arch::to_json(model.arch)));
        std::uint64_t total = 0;
        for (const auto& [name, tensor] : header.items()) {
            EXPECT_EQ(tensor["dtype"], "F32") << name;
            std::uint64_t size = 4;
            for (const std::uint64_t n : tensor["shape"]) size *= n;
            const auto offsets = tensor["data_offsets"].get<std::vector<std::uint64_t>>();
            EXPECT_EQ(offsets.at(1) - offsets.at(0), size) << name;
            total += size;
        }
        EXPECT_EQ(bytes.size(), 8 + header_length(bytes) + total);
    }
}

TEST_F(MainJob, AModelIsProfiledAsItsArchitecture) {
    for (const auto& model : study::Study::open_readonly(study_).models()) {
        core::write_file_atomic(scratch_ / "arch.json", arch::to_json(model.arch));
        const json ours = profile(study_ / model.model_file), plain = profile(scratch_ / "arch.json");
        for (const char* key : {"resolution", "backbone_macs", "head_macs", "executed_macs", "peak_activation_bytes"})
            EXPECT_EQ(ours[key], plain[key]) << key;
        test::expect_fast("nachos", {"profile", (scratch_ / "arch.json").string()});
    }
}

/// The operating point that --max-avg-macs picks, by the words of the contract.
const study::TrainedPoint& most_accurate_within(const study::TrainedModel& model, double max_avg_macs) {
    const study::TrainedPoint* best = nullptr;
    for (const auto& p : model.points) {
        const bool fits = p.budget_macs <= max_avg_macs || p.calibration.avg_cost_upper <= max_avg_macs;
        if (fits && (best == nullptr || p.calibration.accuracy > best->calibration.accuracy)) best = &p;
    }
    require(best != nullptr, ErrorKind::runtime, "no point within {}", max_avg_macs);
    return *best;
}

TEST_F(MainJob, TheRuntimeMeasuresWhatTheStudyReports) {
    const auto models = designs_of(study_);
    int compared = 0;
    for (const auto& model : models) {
        for (const auto& point : model.points) {
            const Outcome outcome =
                run_program("nachos-run", {"eval", (study_ / model.model_file).string(), "--data", kData, "--max-avg-macs",
                                           fmt::format("{}", point.budget_macs), "--format", "json"});
            ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
            const json measured = json::parse(outcome.out);
            const auto& expected = most_accurate_within(model, point.budget_macs);
            ASSERT_TRUE(expected.test);
            EXPECT_EQ(measured["accuracy"], expected.test->accuracy);
            EXPECT_EQ(measured["avg_macs"], expected.test->avg_cost);
            EXPECT_EQ(measured["p95_macs"], expected.test->p95_cost);
            EXPECT_EQ(measured["exit_share"], expected.test->exit_share);
            const std::string id = fmt::format("{}-{:02}", model.name, expected.budget_index);
            for (const auto& d : designs()) {
                if (d["id"] != id) continue;
                ++compared;
                EXPECT_EQ(measured["accuracy"], d["accuracy"]["test"]) << id;
            }
        }
    }
    EXPECT_GE(compared, static_cast<int>(designs().size()));
}

/// The best design in every form that devices take, each held against the model on the calibration part.
TEST_F(MainJob, EndsWithVerifiedExports) {
    const TempFolder folder;
    const auto command = search_in(folder / "s", {"final.exports=true", "final.top=1", "final.comparators=false",
                                                  "search.evaluations=16", "search.engine=random"});
    const Outcome outcome = run_program("nachos", command);
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const std::regex line("\\nexport  ");
    EXPECT_EQ(std::distance(std::sregex_iterator(outcome.out.begin(), outcome.out.end(), line), {}), 3) << outcome.out;
    EXPECT_TRUE(std::regex_search(
        outcome.out, std::regex("/c  weights [^\n]+ kB, memory [^\n]+; verified: same exits and classes on 300 images")))
        << outcome.out;
    EXPECT_TRUE(std::regex_search(outcome.out, std::regex("/c-int8  weights [^\n]+leave elsewhere; verified: same")))
        << outcome.out;
    const std::string file = designs_of(folder / "s")[0].model_file;
    const fs::path exports = (folder / "s" / file).replace_extension();
    for (const char* form : {"c", "c-int8"}) {
        const Outcome verified = run_program("nachos", {"verify", (exports / form).string(), "--data", kData});
        EXPECT_EQ(verified.exit_code, 0) << verified.err;
    }
    EXPECT_TRUE(fs::exists(exports / "onnx/manifest.json"));
    // Away from its study the model says itself which images are for calibration.
    const auto in_8_bits = [&](const fs::path& model, const std::string& out) {
        const Outcome exported = run_program("nachos", {"export", model.string(), "--to", "c", "--int8", "--data", kData,
                                                        "--name", "net", "--out", (folder / out).string()});
        EXPECT_EQ(exported.exit_code, 0) << exported.err;
        EXPECT_EQ(exported.out.find("does not say"), std::string::npos) << exported.out;
        return core::read_file(folder / out / "net.c", 1 << 26);
    };
    fs::copy_file(folder / "s" / file, folder / "away.safetensors");
    EXPECT_EQ(in_8_bits(folder / "away.safetensors", "away"), in_8_bits(folder / "s" / file, "home"));
    const Outcome again = run_program("nachos", command);  // nothing is done twice
    EXPECT_EQ(again.exit_code, 0) << again.err;
    EXPECT_NE(again.out.find("\nexport  " + (exports / "c").string() + "\n"), std::string::npos) << again.out;
    fs::remove(exports / "c/verified.txt");  // as where verification failed, or was killed
    const Outcome third = run_program("nachos", command);
    EXPECT_NE(third.out.find("/c  weights"), std::string::npos) << third.out;
    EXPECT_TRUE(fs::exists(exports / "c/verified.txt"));
}

}  // namespace
}  // namespace nachos::cli
