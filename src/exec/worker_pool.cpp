#include "exec/worker_pool.h"

#include "core/error.h"
#include "exec/lines.h"

#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>

extern char** environ;

namespace nachos::exec {
namespace {

constexpr int kPollMs = 100;
constexpr int kHighestWorkers = 1024;
constexpr int kStarts = 5;  // of a worker that is killed before it is ready, in a row

std::string ending(int status) {
    if (WIFSIGNALED(status)) return fmt::format("its worker was ended by signal {}", WTERMSIG(status));
    return fmt::format("its worker ended with exit code {}", WEXITSTATUS(status));
}

/// Both ends closed when a program is started, but for the one that it is given.
std::pair<int, int> socket_pair() {
    int ends[2];
    require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, ErrorKind::runtime,
            "cannot connect to a worker: {}", std::strerror(errno));
    return {ends[0], ends[1]};
}

/// The program with `socket` as its standard input, which is written to as well, and its output going where errors go.
int spawn(const std::vector<std::string>& command, int socket, pid_t& process) {
    std::vector<char*> argv;
    for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, socket, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t blocked;  // a terminal sends Ctrl-C to all, but what it means is for the pool's process to say
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    sigaddset(&blocked, SIGTERM);
    posix_spawnattr_setsigmask(&attributes, &blocked);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    const int error = ::posix_spawn(&process, argv.front(), &actions, &attributes, argv.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

}  // namespace

struct WorkerPool::Worker {
    pid_t process = -1;
    int socket = -1;
    Lines lines;
    bool ready = false;
    int failed_starts = 0;                ///< in a row before this process
    std::optional<std::size_t> question;  ///< what it is at work on
};

/// One call of ask.
struct WorkerPool::Round {
    std::span<const std::string> questions;
    const OnAnswer& on_answer;
    std::vector<std::optional<Answer>> answers;
    std::vector<int> attempts;
    std::vector<std::size_t> waiting;  ///< questions to give, the next one last
    std::size_t told = 0;              ///< questions before this one were reported
    bool stopping = false;

    void answered(std::size_t question, Answer answer) {
        answers[question] = std::move(answer);
        for (; told < answers.size() && answers[told]; ++told) on_answer(told, *answers[told]);
    }
    void report_the_rest() {
        for (; told < answers.size(); ++told)
            if (answers[told]) on_answer(told, *answers[told]);
    }
};

WorkerPool::WorkerPool(WorkerOptions options) : options_(std::move(options)) {
    require(options_.workers >= 1 && options_.workers <= kHighestWorkers, ErrorKind::usage,
            "workers is {}, allowed: 1 to {}", options_.workers, kHighestWorkers);
    for (int i = 0; i < options_.workers; ++i) start(*workers_.emplace_back(std::make_unique<Worker>()));
}

WorkerPool::~WorkerPool() {
    for (const auto& worker : workers_) end(*worker);
}

void WorkerPool::start(Worker& worker) {
    const auto [ours, theirs] = socket_pair();
    worker = {.process = -1, .socket = ours, .lines = {}, .ready = false, .failed_starts = 0, .question = {}};
    const int error = spawn(options_.command, theirs, worker.process);
    ::close(theirs);
    if (error == 0) return;
    worker.process = -1;
    fail(ErrorKind::runtime, "cannot start the worker {}: {}", options_.command.front(), std::strerror(error));
}

/// Its files are renamed when they are whole, so there is nothing to wait for.
void WorkerPool::end(Worker& worker) {
    if (worker.socket >= 0) ::close(worker.socket);
    if (worker.process > 0) {
        ::kill(worker.process, SIGKILL);
        ::waitpid(worker.process, nullptr, 0);
    }
    worker.socket = -1;
    worker.process = -1;
}

void WorkerPool::ask(std::span<const std::string> questions, const OnAnswer& on_answer,
                     const std::function<bool()>& should_stop) {
    Round round{.questions = questions,
                .on_answer = on_answer,
                .answers = std::vector<std::optional<Answer>>(questions.size()),
                .attempts = std::vector<int>(questions.size()),
                .waiting = {}};
    for (std::size_t i = questions.size(); i-- > 0;) round.waiting.push_back(i);
    const auto at_work = [](const auto& worker) { return worker->question.has_value(); };
    for (;;) {
        for (const auto& worker : workers_) give(*worker, round);
        const bool busy = std::any_of(workers_.begin(), workers_.end(), at_work);
        if (!busy && (round.waiting.empty() || round.stopping)) break;
        std::vector<pollfd> sockets;
        for (const auto& worker : workers_) sockets.push_back({worker->socket, POLLIN, 0});
        ::poll(sockets.data(), sockets.size(), kPollMs);
        for (std::size_t i = 0; i < sockets.size(); ++i)
            if (sockets[i].revents != 0) read(*workers_[i], round);
        const bool begun = round.waiting.size() < questions.size();  // each call gets on, however little time it has
        if (!begun || round.stopping || !should_stop || !should_stop()) continue;
        round.stopping = true;
        for (const auto& worker : workers_)
            if (worker->question) send_line(worker->socket, kStop);
    }
    round.report_the_rest();
}

void WorkerPool::give(Worker& worker, Round& round) {
    if (!worker.ready || worker.question || round.waiting.empty() || round.stopping) return;
    const std::size_t question = round.waiting.back();
    round.waiting.pop_back();
    ++round.attempts[question];
    worker.question = question;
    send_line(worker.socket, kAsk + round.questions[question]);  // if it is gone, reading tells
}

void WorkerPool::read(Worker& worker, Round& round) {
    if (!worker.lines.receive(worker.socket)) return lose(worker, round);
    while (const auto line = worker.lines.next()) {
        if (*line == kReady) {
            worker.ready = true;
        } else if (line->starts_with(kFailed) && !worker.ready) {
            const std::string rest = line->substr(std::strlen(kFailed));
            throw Error(static_cast<ErrorKind>(std::atoi(rest.c_str())), rest.substr(rest.find(' ') + 1));
        } else if (line->starts_with(kAnswer) && worker.question) {
            const std::size_t question = *worker.question;
            worker.question.reset();
            round.answered(question, {.text = line->substr(std::strlen(kAnswer)), .lost = {}});
        }
    }
}

void WorkerPool::lose(Worker& worker, Round& round) {
    const auto question = worker.question;
    int status = 0;
    ::waitpid(worker.process, &status, 0);
    worker.process = -1;
    end(worker);
    const int failed_starts = worker.ready ? 0 : worker.failed_starts + 1;
    require(failed_starts == 0 || (WIFSIGNALED(status) && failed_starts < kStarts), ErrorKind::runtime,
            "a worker could not start: {}", ending(status));
    start(worker);
    worker.failed_starts = failed_starts;
    if (!question) return;
    if (round.attempts[*question] < options_.attempts) {
        round.waiting.push_back(*question);
    } else {
        round.answered(*question, {.text = {}, .lost = ending(status)});
    }
}

}  // namespace nachos::exec
