#include "cli/train_ranks.h"

#include "cli/job.h"
#include "cli/train_candidates.h"
#include "core/error.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace nachos::cli {
namespace {

/// Called while other threads may be waiting for the lost rank, so nothing is tidied up: files are whole at any time.
[[noreturn]] void leave(const std::string& sentence, ErrorKind kind) {
    const bool goes_on = kind == ErrorKind::stopped;
    fmt::print(stderr, "nachos: {}{}\n", sentence, goes_on ? "; the same command goes on from the last checkpoint" : "");
    std::fflush(stderr);
    ::_exit(static_cast<int>(kind));
}

}  // namespace

std::unique_ptr<exec::Ranks> join_ranks() {
    const auto options = exec::ranks_from_environment();
    return options ? std::make_unique<exec::Ranks>(*options, leave) : nullptr;
}

void require_one_rank(const std::string& command) {
    const auto options = exec::ranks_from_environment();
    require(!options, ErrorKind::usage,
            "nachos {} runs in one process, the launcher started {}; only nachos search shares its work", command,
            options ? options->size : 1);
}

void follow_search(const Session& session, const TrainingArguments& arguments, exec::Ranks& ranks) {
    const std::string folder = std::filesystem::absolute(arguments.out).string();
    const std::string digest = ranks.broadcast({});  // the first rank has opened the study
    require(std::filesystem::exists(folder), ErrorKind::usage,
            "rank {} sees no study in {}; all ranks need the same folder, on a file system that they share", ranks.rank(),
            folder);
    require(digest == session.parts.digest, ErrorKind::usage, "rank {} has other data than rank 0: {} is not the same there",
            ranks.rank(), session.config.data.path);
    TrainingArguments quiet = arguments;
    quiet.progress = ProgressStyle::off;
    quiet.log_file = "/dev/null";  // the study's log is the first rank's
    const study::Study study = study::Study::open_readonly(folder);
    const RunningJob running(quiet, study, &ranks);
    nn::WeightBank bank = session.fresh_bank();
    ensure_supernet(session, study, bank, running.job());
    CandidateWorkers(study, bank, running.job()).follow();
}

}  // namespace nachos::cli
