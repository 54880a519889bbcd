#pragma once

#include "core/progress.h"

#include <CLI/CLI.hpp>

#include <functional>
#include <string>

namespace nachos::cli {

/// How progress is shown on stderr.
enum class ProgressStyle {
    automatic,  ///< a bar on a terminal, lines elsewhere
    bar,
    lines,
    off,
};

/// Adds "--progress auto|bar|lines|off" to a command.
void add_progress_option(CLI::App& command, ProgressStyle& style);

/// "supernet  [=====>     ]  42 %  21/50  3.2/s  0:09 left  loss 0.41", cut to `width` characters. Units in `already_done`
/// were there when the clock started, so they say nothing about the rate.
std::string progress_line(const core::Progress& progress, double seconds, std::int64_t already_done, int width);

/// "0:09", "12:30", "1:02:03".
std::string duration_text(double seconds);

/// An observer for core::ProgressFn. Shows each phase from its first report; rate and time left count from there.
class ProgressBar {
  public:
    struct Terminal {
        bool bar = false;
        int width = 80;
        std::function<void(const std::string&)> write;
        std::function<double()> seconds;  ///< a clock that never goes back
    };

    explicit ProgressBar(ProgressStyle style);  ///< on stderr
    explicit ProgressBar(Terminal terminal);    ///< for tests
    ~ProgressBar();
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;

    void operator()(const core::Progress& progress);
    /// An observer that forwards to this bar, which must outlive it.
    core::ProgressFn observer();

  private:
    bool due(const core::Progress& progress, double now) const;
    void end_line();

    Terminal terminal_;
    std::string phase_;
    double started_ = 0;
    double shown_ = 0;
    std::int64_t already_done_ = 0;
    bool open_line_ = false;
};

}  // namespace nachos::cli
