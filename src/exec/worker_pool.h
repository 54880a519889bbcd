#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace nachos::exec {

struct WorkerOptions {
    std::vector<std::string> command;  ///< a program that calls serve(): its path, then its arguments
    int workers = 1;                   ///< processes; [1, 1024]
    int attempts = 2;                  ///< how often a question is asked whose worker ends
};

/// What became of a question.
struct Answer {
    std::string text;  ///< what the worker said
    std::string lost;  ///< how the last of its workers ended, if none said anything; else empty
};

/// Processes that answer questions, lines of text both. They are started anew by exec, never forked behind threads; SIGINT
/// and SIGTERM are left to this process, and they end when it does, however that happens. A worker that ends is replaced.
class WorkerPool {
  public:
    /// Starts the workers; does not wait until they are ready. Throws Error(runtime) if the program cannot be started.
    explicit WorkerPool(WorkerOptions options);
    /// Ends the workers, whatever they are doing.
    ~WorkerPool();
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    using OnAnswer = std::function<void(std::size_t question, const Answer& answer)>;
    /// Asks every question of one worker, and calls `on_answer` in the order of the questions, each as soon as those before
    /// it are answered. Once `should_stop` (asked some times a second when one is begun; may be empty) is true, those at
    /// work are told so, no other question is begun, and what was not begun is left out. Throws what set-up in a worker
    /// threw.
    void ask(std::span<const std::string> questions, const OnAnswer& on_answer, const std::function<bool()>& should_stop);

  private:
    struct Worker;
    struct Round;
    void start(Worker& worker);
    void end(Worker& worker);
    void give(Worker& worker, Round& round);
    void read(Worker& worker, Round& round);
    void lose(Worker& worker, Round& round);

    WorkerOptions options_;
    std::vector<std::unique_ptr<Worker>> workers_;
};

/// Answers one question. What it throws ends the worker.
using AnswerFn = std::function<std::string(const std::string& question)>;

/// The worker's side, once per process: sets up, answers until the pool closes the connection, then ends the process. What
/// set-up throws is thrown by WorkerPool::ask. `told_to_stop` turns true when the pool wants answers soon.
void serve(const std::function<AnswerFn(const std::atomic<bool>& told_to_stop)>& set_up);

}  // namespace nachos::exec
