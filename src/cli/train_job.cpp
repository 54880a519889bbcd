#include "cli/job.h"
#include "cli/machine.h"
#include "core/error.h"
#include "core/json_reader.h"
#include "core/version.h"
#include "report/comparison.h"
#include "report/html.h"
#include "report/learnt_designs.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <set>
#include <thread>

namespace nachos::cli {
namespace {

std::atomic<int> stop_signals{0};

void on_signal(int signal) {
    if (++stop_signals > 1) {
        std::signal(signal, SIG_DFL);
        std::raise(signal);
    }
}

int cores() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

}  // namespace

struct RunningJob::State {
    explicit State(ProgressStyle style) : bar(style) {}

    void write(const std::string& event, nlohmann::ordered_json fields) const {
        nlohmann::ordered_json line;
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        line["unix_time"] = std::chrono::duration_cast<std::chrono::milliseconds>(now).count() / 1000.0;
        line["event"] = event;
        for (auto& [key, value] : fields.items()) line[key] = value;
        log->info(core::to_text(line));
    }

    ProgressBar bar;
    std::shared_ptr<spdlog::logger> log;
    std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
    std::string phase;
};

RunningJob::RunningJob(const TrainingArguments& arguments, const study::Study& study, exec::Ranks* ranks)
    : state_(std::make_unique<State>(arguments.progress)) {
    at::set_num_threads(cores());  // Debian's libtorch starts with one
    const std::string log_file = arguments.log_file.empty() ? study.path_of("log.jsonl").string() : arguments.log_file;
    try {
        state_->log =
            std::make_shared<spdlog::logger>("nachos", std::make_shared<spdlog::sinks::basic_file_sink_mt>(log_file));
    } catch (const spdlog::spdlog_ex& e) {
        fail(ErrorKind::runtime, "cannot write the log {}: {}", log_file, e.what());
    }
    state_->log->set_pattern("%v");
    state_->log->flush_on(spdlog::level::info);
    const Machine machine = this_machine();
    state_->write("start", {{"version", core::version()},
                            {"commit", core::commit()},
                            {"libtorch", TORCH_VERSION},
                            {"cpu", machine.cpu},
                            {"cuda", at::hasCUDA()},
                            {"threads", at::get_num_threads()}});
    State* state = state_.get();
    job_.ranks = ranks;
    job_.workers = arguments.workers > 0 ? arguments.workers : cores();
    job_.progress = [state](const core::Progress& p) {
        state->bar(p);
        if (p.phase != state->phase || p.done == p.total) {
            state->phase = p.phase;
            state->write("progress", {{"phase", p.phase}, {"done", p.done}, {"total", p.total}, {"note", p.note}});
        }
    };
    job_.should_stop = [state, hours = arguments.max_hours] {
        const std::chrono::duration<double, std::ratio<3600>> elapsed = std::chrono::steady_clock::now() - state->start;
        return stop_signals > 0 || (hours > 0 && elapsed.count() > hours);
    };
    std::signal(SIGINT, on_signal);
    std::signal(SIGTERM, on_signal);
}

RunningJob::~RunningJob() {
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
}

void finish(const study::Study& study, const study::Limits& limits) {
    report::write_reports(study);
    const report::Snapshot snapshot = report::read(study);
    const report::Results results = report::results(snapshot, limits);
    fmt::print("{}\n", report::pareto_table(results));
    for (const std::string& note : snapshot.facts.notes) fmt::print("{}\n\n", note);
    if (!snapshot.learnt.empty()) fmt::print("learnt with the supernet\n{}\n", report::learnt_table(snapshot.learnt));
    const report::Comparison comparison = report::comparison(snapshot, results);
    if (!comparison.rows.empty()) fmt::print("{}\n", report::comparison_table(comparison));
    if (comparison.saving) fmt::print("{}\n\n", report::saving_text(*comparison.saving));
    fmt::print("report  {}\n", study.path_of("report.html").string());
    std::set<std::string> files;
    for (const report::DesignRow& design : results.designs) files.insert(design.model_file);
    for (const std::string& file : files) fmt::print("model   {}\n", study.path_of(file).string());
    require(!results.designs.empty(), ErrorKind::inadmissible,
            "no trained design meets the limits; the nearest are listed above");
}

}  // namespace nachos::cli
