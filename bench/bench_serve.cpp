// What a watched study costs, and how soon its page knows: bench_serve FOLDER [EVALUATIONS [SECONDS]], JSON on stdout.
// FOLDER must be new; it is kept.
//
// EVALUATIONS (5,000) are stored; then one more each 0.25 s, as a search gives them, for SECONDS (120), while `nachos
// serve`, which must stand beside this program, is watched by a client that does what the page does: it listens, and at each
// event fetches the study. Told are the server's processor time as a share of one core, and how long after it was stored an
// evaluation was in what the client fetched.

#include "cli/machine.h"
#include "core/error.h"
#include "core/files.h"
#include "core/version.h"
#include "study/realistic.h"

#include <httplib.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

extern char** environ;

namespace {

using namespace nachos;
using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kEvaluation{250};

/// `nachos serve`, and the port it prints.
struct Server {
    explicit Server(const std::string& folder) {
        const std::string program = (core::program_folder() / "nachos").string();
        int ends[2];
        require(::pipe(ends) == 0, ErrorKind::runtime, "no pipe");
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        std::vector<std::string> words{program, "serve", folder, "--port", "0"};
        std::vector<char*> argv;
        for (std::string& word : words) argv.push_back(word.data());
        argv.push_back(nullptr);
        const int failed = ::posix_spawn(&process, program.c_str(), &actions, nullptr, argv.data(), environ);
        require(failed == 0, ErrorKind::runtime, "cannot start {}", program);
        std::string url;
        for (char c = 0; ::read(ends[0], &c, 1) == 1 && c != '\n';) url += c;
        port = std::atoi(url.c_str() + url.rfind(':') + 1);
        require(port > 0, ErrorKind::runtime, "nachos serve printed '{}'", url);
    }

    /// Ends it. Seconds of processor time it took.
    double end() const {
        ::kill(process, SIGTERM);
        int status = 0;
        rusage usage{};
        ::wait4(process, &status, 0, &usage);
        const auto seconds = [](const timeval& t) {
            return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
        };
        return seconds(usage.ru_utime) + seconds(usage.ru_stime);
    }

    pid_t process = 0;
    int port = 0;
};

std::size_t designs_in(const std::string& study) {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = study.find("\"arch\":{", at)) != std::string::npos; ++at) ++count;
    return count;
}

/// When a client first had so many designs.
struct Client {
    std::mutex mutex;
    std::vector<std::pair<Clock::time_point, std::size_t>> seen = {};
    std::size_t bytes = 0;
    std::atomic<bool> stop = false;

    void watch(int port) {
        httplib::Client events("127.0.0.1", port);
        events.set_read_timeout(60);
        events.Get("/events", [&](const char* data, std::size_t size) {
            if (std::string_view(data, size).find("event: study") != std::string_view::npos) fetch(port);
            return !stop;
        });
    }

    void fetch(int port) {
        const auto answer = httplib::Client("127.0.0.1", port).Get("/study.json");
        if (!answer || answer->status != 200) return;
        const std::scoped_lock lock(mutex);
        bytes = answer->body.size();
        seen.emplace_back(Clock::now(), designs_in(answer->body));
    }
};

Json figures(std::vector<double> seconds) {
    if (seconds.empty()) return {};
    std::sort(seconds.begin(), seconds.end());
    return {{"p50_s", seconds[seconds.size() / 2]}, {"max_s", seconds.back()}, {"evaluations", seconds.size()}};
}

Json measure(study::Study& study, core::Rng& rng, int count, int seconds) {
    const arch::SearchSpace space = study::realistic_space();
    const Server server(study.folder().string());
    Client client;
    std::jthread watcher([&] { client.watch(server.port); });
    std::vector<Clock::time_point> stored;
    const auto start = Clock::now();
    while (Clock::now() - start < std::chrono::seconds(seconds)) {
        std::this_thread::sleep_for(kEvaluation);
        study.append(fmt::format("k{}", count + static_cast<int>(stored.size())), study::realistic_evaluation(space, rng));
        stored.push_back(Clock::now());
    }
    const double wall = std::chrono::duration<double>(Clock::now() - start).count();
    client.stop = true;
    const double processor = server.end();
    watcher.join();
    std::vector<double> lags;
    for (std::size_t i = 0; i < stored.size(); ++i)
        for (const auto& [when, designs] : client.seen)
            if (designs > static_cast<std::size_t>(count) + i) {
                lags.push_back(std::chrono::duration<double>(when - stored[i]).count());
                break;
            }
    return {{"seconds", wall},
            {"processor_percent_of_a_core", 100 * processor / wall},
            {"study_json_bytes", client.bytes},
            {"fetched_times", client.seen.size()},
            {"lag", figures(lags)}};
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) return std::fprintf(stderr, "bench_serve FOLDER [EVALUATIONS [SECONDS]]\n"), 2;
    const int count = argc > 2 ? std::atoi(argv[2]) : 5000;
    const int seconds = argc > 3 ? std::atoi(argv[3]) : 120;
    core::Rng rng(1);
    study::Study study = study::Study::create_or_resume(argv[1], "seed = 1\n");
    study.put_facts(study::realistic_facts());
    const arch::SearchSpace space = study::realistic_space();
    for (int i = 0; i < count; i += 100) {
        std::vector<std::string> keys;
        std::vector<study::Evaluation> batch;
        for (int k = i; k < std::min(i + 100, count); ++k) {
            keys.push_back(fmt::format("k{}", k));
            batch.push_back(study::realistic_evaluation(space, rng));
        }
        study.append(keys, batch);
    }
    study.publish();
    Json out = {{"commit", core::commit()}, {"cpu", cli::this_machine().cpu}, {"evaluations", count}};
    out["watched"] = measure(study, rng, count, seconds);
    std::printf("%s\n", out.dump(2).c_str());
    return 0;
}
