#pragma once

#include "core/error.h"
#include "core/files.h"
#include "core/temp_folder.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <string>
#include <vector>

extern char** environ;

namespace nachos::test {

inline const std::string kTinyConfig = std::string(NACHOS_SOURCE_DIR) + "/configs/tiny.toml";

struct Outcome {
    int exit_code = 0;  ///< 128 + n if signal n ended it
    std::string out;
    std::string err;
    double cpu_seconds = 0;  ///< user and system

    /// What stderr says behind the program's name.
    std::string sentence() const {
        const auto colon = err.find(": ");
        return err.starts_with("nachos") && colon != std::string::npos ? err.substr(colon + 2) : err;
    }
};

inline bool built(const std::string& program) {
    return std::filesystem::exists(std::filesystem::path(NACHOS_BUILD_DIR) / program);
}

/// One of our programs, started as a user would.
class Running {
  public:
    Running(const std::string& program, std::vector<std::string> arguments) {
        const std::string path = (std::filesystem::path(NACHOS_BUILD_DIR) / program).string();
        arguments.insert(arguments.begin(), path);
        std::vector<char*> argv;
        for (std::string& a : arguments) argv.push_back(a.data());
        argv.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC;
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, (folder_ / "out").c_str(), kFlags, 0600);
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, (folder_ / "err").c_str(), kFlags, 0600);
        const int failed = ::posix_spawn(&process_, path.c_str(), &actions, nullptr, argv.data(), environ);
        posix_spawn_file_actions_destroy(&actions);
        require(failed == 0, ErrorKind::runtime, "cannot start {}", path);
    }

    pid_t process() const { return process_; }
    std::string out() const { return core::read_file(folder_ / "out", 1 << 24); }  ///< so far
    /// Whether it has ended; its outcome can still be waited for.
    bool ended() const {
        siginfo_t info{};
        return ::waitid(P_PID, static_cast<id_t>(process_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
    }

    /// Waits for its end; once only.
    Outcome wait() const {
        int status = 0;
        rusage usage{};
        require(::wait4(process_, &status, 0, &usage) == process_, ErrorKind::runtime, "lost process {}", process_);
        const auto seconds = [](const timeval& t) {
            return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
        };
        return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), core::read_file(folder_ / "out", 1 << 24),
                core::read_file(folder_ / "err", 1 << 24), seconds(usage.ru_utime) + seconds(usage.ru_stime)};
    }

  private:
    TempFolder folder_;
    pid_t process_ = 0;
};

/// Runs one of our programs and waits for it.
inline Outcome run_program(const std::string& program, std::vector<std::string> arguments) {
    return Running(program, std::move(arguments)).wait();
}

/// Processor time of a run; of three the best counts, for the others of a busy machine say nothing.
inline double cpu_seconds_of(const std::string& program, const std::vector<std::string>& arguments) {
    double best = 1e9;
    for (int run = 0; run < 3; ++run) {
        const Outcome outcome = run_program(program, arguments);
        EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
        best = std::min(best, outcome.cpu_seconds);
    }
    return best;
}

/// What needs neither data nor torch takes less than 50 ms of processor time, or on a machine that slow a tenth of what a
/// program linked with libtorch takes to begin (0.55 s where 50 ms are three times what is needed).
inline void expect_fast(const std::string& program, const std::vector<std::string>& arguments) {
    static const double kTorchBegins = built("nachos-train") ? cpu_seconds_of("nachos-train", {"--version"}) : 0;
    const double seconds = cpu_seconds_of(program, arguments);
#ifndef __SANITIZE_ADDRESS__
    EXPECT_LT(seconds, std::max(0.05, 0.1 * kTorchBegins)) << program << " " << arguments.front();
#endif
}

}  // namespace nachos::test
