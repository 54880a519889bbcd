#pragma once

#include "cli/train_session.h"
#include "report/results.h"

#include <memory>

namespace nachos::cli {

/// Progress, log file, signals and the time limit of a running command. The first Ctrl-C or SIGTERM asks for a stop at the
/// next checkpoint; the second one leaves at once.
class RunningJob {
  public:
    RunningJob(const TrainingArguments& arguments, const study::Study& study, exec::Ranks* ranks = nullptr);
    ~RunningJob();
    RunningJob(const RunningJob&) = delete;
    RunningJob& operator=(const RunningJob&) = delete;

    const Job& job() const { return job_; }

  private:
    struct State;
    std::unique_ptr<State> state_;
    Job job_;
};

/// Ends a command: writes pareto.json, pareto.csv and report.html, prints the table and where things are.
/// Throws Error(inadmissible) if no trained design meets the limits.
void finish(const study::Study& study, const study::Limits& limits);

}  // namespace nachos::cli
