#include "cli/progress_bar.h"

#include "cli/terminal.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <map>

namespace nachos::cli {
namespace {

constexpr double kBarInterval = 0.1;  // seconds between two pictures of the bar
constexpr double kLineInterval = 15;  // seconds between two lines
constexpr int kBarWidth = 24;         // characters; narrower, or none, where a line has no room
constexpr int kLeastBar = 4;

std::string bar_text(double share, int width) {
    const int filled = static_cast<int>(std::lround(share * width));
    const std::string head = std::string(static_cast<std::size_t>(filled), '=') + (filled == width ? "" : ">");
    return fmt::format("[{:<{}}]", head, width);
}

ProgressBar::Terminal stderr_terminal(ProgressStyle style) {
    if (style == ProgressStyle::off) return {};
    const Terminal terminal = terminal_of(STDERR_FILENO);
    const bool bar = style == ProgressStyle::bar || (style == ProgressStyle::automatic && terminal.interactive);
    return {bar, terminal.width,
            [](const std::string& text) {
                std::fputs(text.c_str(), stderr);
                std::fflush(stderr);
            },
            [] { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }};
}

}  // namespace

void add_progress_option(CLI::App& command, ProgressStyle& style) {
    static const std::map<std::string, ProgressStyle> names = {{"auto", ProgressStyle::automatic},
                                                               {"bar", ProgressStyle::bar},
                                                               {"lines", ProgressStyle::lines},
                                                               {"off", ProgressStyle::off}};
    command.add_option("--progress", style, "how progress is shown: auto, bar, lines or off")
        ->transform(CLI::CheckedTransformer(names))
        ->option_text("STYLE [auto]");
}

std::string duration_text(double seconds) {
    const auto whole = static_cast<std::int64_t>(std::ceil(std::max(0.0, seconds)));
    const std::int64_t hours = whole / 3600, minutes = whole / 60 % 60;
    if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, minutes, whole % 60);
    return fmt::format("{}:{:02}", minutes, whole % 60);
}

std::string progress_line(const core::Progress& p, double seconds, std::int64_t already_done, int width) {
    const bool known = p.total > 0;
    const double share = known ? std::clamp(static_cast<double>(p.done) / static_cast<double>(p.total), 0.0, 1.0) : 0;
    std::string line =
        known ? fmt::format(" {:>3.0f} %  {}/{}", std::floor(100 * share), p.done, p.total) : fmt::format("{}", p.done);
    const double rate = seconds > 0 ? static_cast<double>(p.done - already_done) / seconds : 0;
    if (rate > 0) line += rate >= 1 ? fmt::format("  {:.3g}/s", rate) : fmt::format("  {:.3g} s each", 1 / rate);
    if (rate > 0 && p.total > p.done)
        line += fmt::format("  {} left", duration_text(static_cast<double>(p.total - p.done) / rate));
    if (known && p.done >= p.total) line += fmt::format("  {} in all", duration_text(seconds));
    if (!p.note.empty()) line += "  " + p.note;
    const std::string phase = fmt::format("{:<12} ", p.phase);
    const int room = width - static_cast<int>(phase.size() + line.size()) - 2;
    line = phase + (known && room >= kLeastBar ? bar_text(share, std::min(room, kBarWidth)) : "") + line;
    return line.substr(0, static_cast<std::size_t>(width));
}

ProgressBar::ProgressBar(ProgressStyle style) : ProgressBar(stderr_terminal(style)) {}
ProgressBar::ProgressBar(Terminal terminal) : terminal_(std::move(terminal)) {}
ProgressBar::~ProgressBar() { end_line(); }

core::ProgressFn ProgressBar::observer() {
    return [this](const core::Progress& progress) { (*this)(progress); };
}

bool ProgressBar::due(const core::Progress& progress, double now) const {
    const bool finished = progress.total > 0 && progress.done >= progress.total;
    return finished || now - shown_ >= (terminal_.bar ? kBarInterval : kLineInterval);
}

void ProgressBar::operator()(const core::Progress& progress) {
    if (!terminal_.write) return;
    const double now = terminal_.seconds();
    const bool begins = progress.phase != phase_;
    if (begins) {
        end_line();
        phase_ = progress.phase;
        started_ = now;
        already_done_ = progress.done;
    }
    if (!begins && !due(progress, now)) return;
    shown_ = now;
    const std::string line =
        progress_line(progress, now - started_, already_done_, terminal_.bar ? terminal_.width - 1 : 1000);
    terminal_.write(terminal_.bar ? "\r" + line + "\x1b[K" : line + "\n");
    open_line_ = terminal_.bar;
}

void ProgressBar::end_line() {
    if (open_line_) terminal_.write("\n");
    open_line_ = false;
}

}  // namespace nachos::cli
