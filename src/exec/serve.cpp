#include "core/error.h"
#include "exec/lines.h"
#include "exec/worker_pool.h"

#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace nachos::exec {
namespace {

constexpr int kPool = STDIN_FILENO;  // the connection, both ways

/// Questions as they come in, read by a thread of its own, which ends the process when the pool is gone: so a worker deep in
/// a training does not outlive the search.
class Questions {
  public:
    explicit Questions(std::atomic<bool>& told_to_stop) : told_to_stop_(told_to_stop) {
        std::thread([this] { listen(); }).detach();
    }

    std::string next() {
        std::unique_lock lock(mutex_);
        arrived_.wait(lock, [this] { return !questions_.empty(); });
        std::string question = std::move(questions_.front());
        questions_.pop_front();
        return question;
    }

  private:
    [[noreturn]] void listen() {
        Lines lines;
        while (lines.receive(kPool)) {
            while (const auto line = lines.next()) {
                if (*line == kStop) told_to_stop_ = true;
                if (!line->starts_with(kAsk)) continue;
                const std::lock_guard lock(mutex_);
                questions_.push_back(line->substr(std::string_view(kAsk).size()));
                arrived_.notify_one();
            }
        }
        ::_exit(0);
    }

    std::atomic<bool>& told_to_stop_;
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<std::string> questions_;
};

}  // namespace

void serve(const std::function<AnswerFn(const std::atomic<bool>& told_to_stop)>& set_up) {
    std::atomic<bool> told_to_stop = false;
    Questions questions(told_to_stop);
    AnswerFn answer;
    try {
        answer = set_up(told_to_stop);
    } catch (const Error& e) {
        send_line(kPool, fmt::format("{}{} {}", kFailed, e.exit_code(), e.what()));
        ::_exit(e.exit_code());
    } catch (const std::exception& e) {
        send_line(kPool,
                  fmt::format("{}{} a worker could not start: {}", kFailed, static_cast<int>(ErrorKind::runtime), e.what()));
        ::_exit(static_cast<int>(ErrorKind::runtime));
    }
    send_line(kPool, kReady);
    for (;;) send_line(kPool, kAnswer + answer(questions.next()));
}

}  // namespace nachos::exec
