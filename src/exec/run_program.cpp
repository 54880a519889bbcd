#include "exec/run_program.h"

#include "core/error.h"
#include "core/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

extern char** environ;

namespace nachos::exec {
namespace {

constexpr std::size_t kSaid = 2000;  // characters of standard error that go into a message

/// A nameless file for what the program says on standard error.
class Scratch {
  public:
    Scratch() {
        std::string name = (std::filesystem::temp_directory_path() / "nachos-said-XXXXXX").string();
        descriptor_ = ::mkostemp(name.data(), O_CLOEXEC);
        require(descriptor_ >= 0, ErrorKind::runtime, "cannot write {}: {}", name, std::strerror(errno));
        ::unlink(name.c_str());
    }
    ~Scratch() { ::close(descriptor_); }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    int descriptor() const { return descriptor_; }
    std::string text() const {
        std::string said(kSaid, '\0');
        const ssize_t n = ::pread(descriptor_, said.data(), said.size(), 0);
        said.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
        while (!said.empty() && said.back() == '\n') said.pop_back();
        return said;
    }

  private:
    int descriptor_ = -1;
};

}  // namespace

void run_program(const ProgramRun& run) {
    const Scratch said;
    std::vector<std::string> words = run.command;
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const std::string input = run.input.empty() ? "/dev/null" : run.input.string(),
                      output = run.output.empty() ? "/dev/null" : run.output.string();
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, input.c_str(), O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ::posix_spawn_file_actions_adddup2(&actions, said.descriptor(), STDERR_FILENO);
    pid_t process = 0;
    const int failed = ::posix_spawnp(&process, argv.front(), &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    require(failed == 0, ErrorKind::runtime, "cannot start {}: {}", run.command.front(), std::strerror(failed));
    int status = 0;
    while (::waitpid(process, &status, 0) < 0)
        require(errno == EINTR, ErrorKind::runtime, "lost {}: {}", run.command.front(), std::strerror(errno));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
    const std::string how = WIFSIGNALED(status) ? fmt::format("was ended by signal {}", WTERMSIG(status))
                                                : fmt::format("ended with exit code {}", WEXITSTATUS(status));
    const std::string text = said.text();
    fail(ErrorKind::runtime, "{} {}{}{}", run.command.front(), how, text.empty() ? "" : ": ", text);
}

}  // namespace nachos::exec
