#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace nachos {

/// What went wrong, by who can mend it. The value is the exit code of the command line contract.
enum class ErrorKind {
    runtime = 1,       ///< the machine or a file system failed
    usage = 2,         ///< an option or a configuration key
    inadmissible = 3,  ///< no design meets the limits
    bad_data = 4,      ///< a data set, model, table or other input file
    verification = 5,  ///< an exported form differs from the trained one
    stopped = 75,      ///< stopped after a checkpoint; the same command goes on
};

/// The one exception type. The message is one sentence: what, got, allowed, where.
class Error : public std::runtime_error {
  public:
    Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
    ErrorKind kind() const { return kind_; }
    int exit_code() const { return static_cast<int>(kind_); }

  private:
    ErrorKind kind_;
};

/// Throws Error with a formatted message.
template <class... Args>
[[noreturn]] void fail(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
    throw Error(kind, fmt::format(format, std::forward<Args>(args)...));
}

/// Checks input: throws Error with the formatted message unless `ok`. For our own bugs use assert.
template <class... Args>
void require(bool ok, ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
    if (!ok) fail(kind, format, std::forward<Args>(args)...);
}

}  // namespace nachos
