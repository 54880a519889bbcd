#include "cli/program.h"
#include "core/rng.h"
#include "core/safetensors.h"
#include "study/store.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <span>
#include <thread>

// Searches that are killed, as a machine that dies kills them. NACHOS_KILLS says how often (scripts/kill-test), 10 times by
// default.

namespace nachos::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using test::Outcome;
using test::run_program;
using test::Running;
using test::TempFolder;
using Clock = std::chrono::steady_clock;

constexpr const char* kSupernet = "checkpoints/supernet.safetensors";

std::vector<std::string> search_in(const fs::path& folder, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"search", test::kTinyConfig, "supernet.epochs=4", "search.evaluations=24", "final.top=1",
                               "final.comparators=false", "--out", folder.string(), "--progress", "off"});
    return more;
}

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

std::string pareto_of(const fs::path& folder) { return core::read_file(folder / "pareto.json", 1 << 26); }

/// Architecture and what it took, of each evaluation stored: one that was done again took another time.
std::vector<std::pair<std::string, double>> evaluations_of(const fs::path& folder) {
    std::vector<std::pair<std::string, double>> all;
    if (!fs::exists(folder / "study.db")) return all;
    for (const study::Evaluation& e : study::Study::resume(folder).evaluations())
        all.emplace_back(arch::arch_id(e.arch), e.seconds);
    return all;
}

int supernet_epochs(const fs::path& folder) {
    if (!fs::exists(folder / kSupernet)) return 0;
    return std::stoi(core::read_tensors(folder / kSupernet).metadata.at("epochs_done"));
}

/// The first supernet step that the last run in this folder reports, and the steps there are; nothing if it trained none.
std::optional<std::pair<int, int>> first_supernet_step(const fs::path& folder) {
    std::optional<std::pair<int, int>> first;
    std::ifstream log(folder / "log.jsonl");
    for (std::string line; std::getline(log, line);) {
        const json event = json::parse(line, nullptr, false);  // the killed run may have left half a line
        if (event.is_discarded()) continue;
        if (event["event"] == "start") first.reset();
        if (event["event"] == "progress" && event["phase"] == "supernet" && !first)
            first = {event["done"].get<int>(), event["total"].get<int>()};
    }
    return first;
}

/// The study of one search that nothing disturbed.
class Kill : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        if (!test::built("nachos-train")) return;
        root_ = new TempFolder;
        const auto start = Clock::now();
        const Outcome outcome = run_program("nachos", search_in(*root_ / "whole"));
        seconds_ = seconds_since(start);
        whole_ = outcome.exit_code == 0 ? pareto_of(*root_ / "whole") : outcome.err;
    }
    static void TearDownTestSuite() {
        delete root_;
        root_ = nullptr;
    }
    void SetUp() override {
        if (root_ == nullptr) GTEST_SKIP() << "skipped: built without libtorch";
        ASSERT_TRUE(whole_.starts_with("{")) << whole_;
    }

    /// Searches, is killed after `seconds`, and the same command again must end as if nothing had happened.
    void kill_after(double seconds) const {
        const TempFolder folder;
        const fs::path study = folder / "study";
        const Running search("nachos", search_in(study));
        std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
        ::kill(search.process(), SIGKILL);
        const Outcome killed = search.wait();
        ASSERT_TRUE(killed.exit_code == 128 + SIGKILL || killed.exit_code == 0) << killed.err;
        const auto stored = evaluations_of(study);
        const int epochs = supernet_epochs(study);
        const Outcome outcome = run_program("nachos", search_in(study));
        ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
        EXPECT_EQ(pareto_of(study), whole_);
        auto now = evaluations_of(study);
        ASSERT_GE(now.size(), stored.size());
        now.resize(stored.size());
        EXPECT_EQ(now, stored);  // none lost, none done again
        if (const auto step = first_supernet_step(study); step && epochs < 4) {
            EXPECT_EQ(step->first, epochs * step->second / 4 + 1);  // goes on behind its checkpoint
        }
    }

    static TempFolder* root_;
    static double seconds_;
    static std::string whole_;
};

TempFolder* Kill::root_ = nullptr;
double Kill::seconds_ = 0;
std::string Kill::whole_;

TEST_F(Kill, AtRandomMomentsChangesNothing) {
    const char* asked = std::getenv("NACHOS_KILLS");
    const int kills = asked != nullptr ? std::atoi(asked) : 10;
    core::Rng rng(20261123);
    for (int i = 0; i < kills && !HasFailure(); ++i) {
        const double moment = (i + rng.uniform()) / kills * seconds_;  // one in each of as many equal spans
        SCOPED_TRACE(fmt::format("kill {} after {:.3f} s", i + 1, moment));
        kill_after(moment);
        if (asked == nullptr) continue;
        fmt::print("kill {} of {} after {:.3f} s: same result\n", i + 1, kills, moment);
        std::fflush(stdout);
    }
}

/// Processes started by `parent`.
std::vector<pid_t> children_of(pid_t parent) {
    std::vector<pid_t> children;
    std::ifstream list(fmt::format("/proc/{}/task/{}/children", parent, parent));
    for (pid_t child; list >> child;) children.push_back(child);
    return children;
}

TEST_F(Kill, OfWorkersCostsRetriesAndChangesNothing) {
    const fs::path study = *root_ / "workers";
    const Running search("nachos", search_in(study, {"--workers", "2"}));
    int killed = 0;
    for (const auto start = Clock::now(); killed < 3 && seconds_since(start) < 60;) {
        std::this_thread::sleep_for(std::chrono::milliseconds(400));  // long enough to have begun something
        const auto workers = children_of(search.process());
        if (!workers.empty() && ::kill(workers.front(), SIGKILL) == 0) ++killed;
    }
    const Outcome outcome = search.wait();
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_GE(killed, 1);
    EXPECT_EQ(pareto_of(study), whole_);
    EXPECT_EQ(evaluations_of(study).size(), 24U);
}

/// The networks in training that have a checkpoint in this study, each with the epochs it has done.
std::vector<std::string> networks_begun(const fs::path& study) {
    std::vector<std::string> begun;
    if (!fs::exists(study / "checkpoints")) return begun;
    for (const auto& entry : fs::directory_iterator(study / "checkpoints"))
        if (entry.path().filename().string().starts_with("candidate-") && entry.path().extension() == ".safetensors")
            begun.push_back(entry.path().string() + core::read_tensors(entry.path()).metadata.at("epochs_done"));
    return begun;
}

TEST_F(Kill, AnEvaluationWhoseWorkersAllDiedIsTriedByTheNextStart) {
    const fs::path study = *root_ / "lost";
    const auto three = search_in(study, {"search.engine=random", "evaluate.fidelity=scratch:12", "final.from_supernet=false",
                                         "search.evaluations=3", "search.initial=2", "--workers", "1"});
    const Running search("nachos", three);
    std::vector<std::string> seen;
    for (int attempt = 0; attempt < 2; ++attempt) {  // its worker dies at work, and so does the one that goes on
        const auto start = Clock::now();
        while (networks_begun(study) == seen && seconds_since(start) < 60)
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        const auto workers = children_of(search.process());
        ASSERT_EQ(workers.size(), 1U);
        ASSERT_EQ(::kill(workers.front(), SIGKILL), 0);
        while (children_of(search.process()) == workers) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        seen = networks_begun(study);
        ASSERT_EQ(seen.size(), 1U);
    }
    const Outcome disturbed = search.wait();
    ASSERT_EQ(disturbed.exit_code, 0) << disturbed.err;
    const auto stored = evaluations_of(study);
    ASSERT_EQ(stored.size(), 2U);
    const Outcome again = run_program("nachos", three);
    ASSERT_EQ(again.exit_code, 0) << again.err;
    const auto now = evaluations_of(study);
    ASSERT_EQ(now.size(), 3U);
    EXPECT_TRUE(std::ranges::equal(stored, std::span(now).first(2)));
    for (const study::Evaluation& e : study::Study::resume(study).evaluations()) EXPECT_EQ(e.error, "");
}

}  // namespace
}  // namespace nachos::cli
