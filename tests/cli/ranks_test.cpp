#include "cli/program.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdlib>
#include <thread>

// Searches of several processes on this machine, started as a launcher starts them.

namespace nachos::cli {
namespace {

namespace fs = std::filesystem;
using test::Outcome;
using test::run_program;
using test::Running;
using test::TempFolder;
using Clock = std::chrono::steady_clock;

std::vector<std::string> search_in(const fs::path& folder, const std::vector<std::string>& more = {}) {
    std::vector<std::string> all{"search",
                                 test::kTinyConfig,
                                 "supernet.epochs=4",
                                 "search.evaluations=24",
                                 "final.top=1",
                                 "final.comparators=false",
                                 "--out",
                                 folder.string(),
                                 "--progress",
                                 "off",
                                 "--workers",
                                 "1"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

/// One that nobody listens on now.
int free_port() {
    const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(probe, reinterpret_cast<sockaddr*>(&address), size);
    ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(probe);
    return ::ntohs(address.sin_port);
}

/// The ranks of one job, each started with what torchrun sets.
class Ranks {
  public:
    Ranks(int size, const std::vector<std::string>& arguments) {
        const std::string port = std::to_string(free_port());
        for (int r = 0; r < size; ++r) {
            ::setenv("RANK", std::to_string(r).c_str(), 1);
            ::setenv("WORLD_SIZE", std::to_string(size).c_str(), 1);
            ::setenv("MASTER_ADDR", "127.0.0.1", 1);
            ::setenv("MASTER_PORT", port.c_str(), 1);
            ranks_.push_back(std::make_unique<Running>("nachos", arguments));
        }
        for (const char* name : {"RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"}) ::unsetenv(name);
    }

    void kill(int rank) const { ::kill(ranks_[static_cast<std::size_t>(rank)]->process(), SIGKILL); }
    Outcome wait(int rank) const { return ranks_[static_cast<std::size_t>(rank)]->wait(); }

  private:
    std::vector<std::unique_ptr<Running>> ranks_;
};

void wait_for(const fs::path& path) {
    for (int i = 0; i < 6000 && !fs::exists(path); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ASSERT_TRUE(fs::exists(path)) << path;
}

std::string pareto_of(const fs::path& folder) { return core::read_file(folder / "pareto.json", 1 << 26); }

class RankJob : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        if (!test::built("nachos-train")) return;
        root_ = new TempFolder;
        const Outcome outcome = run_program("nachos", search_in(*root_ / "alone"));
        alone_ = outcome.exit_code == 0 ? pareto_of(*root_ / "alone") : outcome.err;
    }
    static void TearDownTestSuite() {
        delete root_;
        root_ = nullptr;
    }
    void SetUp() override {
        if (root_ == nullptr) GTEST_SKIP() << "skipped: built without libtorch";
        ASSERT_TRUE(alone_.starts_with("{")) << alone_;
    }

    /// Rank `victim` is killed once `begun` exists; the other must end by itself, and a second job as if nothing had
    /// happened.
    void lose(int victim, const fs::path& begun) const {
        const TempFolder folder;
        const fs::path study = folder / "study";
        const Ranks job(2, search_in(study));
        wait_for(study / begun);
        job.kill(victim);
        const auto start = Clock::now();
        job.wait(victim);
        const Outcome other = job.wait(1 - victim);
        EXPECT_LT(Clock::now() - start, std::chrono::seconds(60));
        EXPECT_EQ(other.exit_code, 75);
        EXPECT_NE(other.err.find("the same command goes on from the last checkpoint"), std::string::npos) << other.err;
        const Ranks again(2, search_in(study));
        for (int r = 1; r >= 0; --r) {
            const Outcome outcome = again.wait(r);
            EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
        }
        EXPECT_EQ(pareto_of(study), alone_);
    }

    static TempFolder* root_;
    static std::string alone_;
};

TempFolder* RankJob::root_ = nullptr;
std::string RankJob::alone_;

TEST_F(RankJob, TwoRanksDesignWhatOneProcessDesigns) {
    const fs::path study = *root_ / "two";
    const Ranks job(2, search_in(study));
    const Outcome second = job.wait(1), first = job.wait(0);
    ASSERT_EQ(first.exit_code, 0) << first.err;
    EXPECT_EQ(second.exit_code, 0) << second.err;
    EXPECT_EQ(second.out + second.err, "");  // the first speaks for all
    EXPECT_EQ(pareto_of(study), alone_);
}

TEST_F(RankJob, AnErrorOfOneRankIsTheExitCodeOfAll) {
    const fs::path study = *root_ / "none";
    const Ranks job(2, search_in(study, {"limits.max_params=1"}));
    const Outcome second = job.wait(1), first = job.wait(0);
    EXPECT_EQ(first.exit_code, 3) << first.err;
    EXPECT_EQ(second.exit_code, 3) << second.err;
    EXPECT_NE(second.err.find("another rank of 2 ended with exit code 3"), std::string::npos) << second.err;
}

TEST_F(RankJob, TwoRanksLearnTheArchitecturesThatOneProcessLearns) {
    const std::vector<std::string> learning{"search.engine=hybrid"};
    const Outcome outcome = run_program("nachos", search_in(*root_ / "learns-alone", learning));
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const fs::path study = *root_ / "learns-on-two";
    const Ranks job(2, search_in(study, learning));
    job.wait(1);
    const Outcome first = job.wait(0);
    ASSERT_EQ(first.exit_code, 0) << first.err;
    EXPECT_EQ(pareto_of(study), pareto_of(*root_ / "learns-alone"));
}

TEST_F(RankJob, ALostRankEndsTheJobInTrainingAndItGoesOn) { lose(1, "checkpoints/supernet.safetensors"); }

TEST_F(RankJob, ALostFirstRankEndsTheJobInTheSearchAndItGoesOn) { lose(0, "pareto.json"); }

TEST_F(RankJob, ShardsMustBeSharedOutEvenly) {
    const Ranks job(3, search_in(*root_ / "three"));
    for (int r = 2; r >= 0; --r) {
        const Outcome outcome = job.wait(r);
        EXPECT_NE(outcome.exit_code, 0);
        if (r == 0) {
            EXPECT_EQ(outcome.exit_code, 2);
            EXPECT_NE(outcome.err.find("set supernet.shards to a multiple of 3"), std::string::npos) << outcome.err;
        }
    }
}

TEST_F(RankJob, OtherCommandsRunInOneProcess) {
    const Ranks job(2, {"final", (*root_ / "alone").string()});
    for (int r = 1; r >= 0; --r) {
        const Outcome outcome = job.wait(r);
        EXPECT_EQ(outcome.exit_code, 2);
        EXPECT_NE(outcome.err.find("nachos final runs in one process, the launcher started 2"), std::string::npos)
            << outcome.err;
    }
}

}  // namespace
}  // namespace nachos::cli
