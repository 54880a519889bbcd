#include "report/front_text.h"

#include "report/front_scales.h"
#include "report/number_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace nachos::report {
namespace {

constexpr int kLeast = 40;                     // columns
constexpr int kMargin = 10;                    // columns left of the vertical axis
constexpr int kDotsAcross = 2, kDotsDown = 4;  // of a braille character

/// What stands in a cell; of several the greatest.
enum class Mark : std::uint8_t { none, across, down, evaluated, front };

struct Signs {
    const char* across;
    const char* down;
    const char* front;
    const char* vertical;
    const char* horizontal;
    const char* corner;
    const char* tick_left;
    const char* tick_below;
};
constexpr Signs kUnicode{"╌", "┊", "●", "│", "─", "└", "┤", "┬"};
constexpr Signs kAscii{"-", ":", "o", "|", "-", "+", "+", "+"};

const char* colour_of(Mark mark) {
    switch (mark) {
        case Mark::front:
            return "\x1b[1;32m";
        case Mark::across:
        case Mark::down:
            return "\x1b[33m";
        case Mark::evaluated:
            return "\x1b[2m";
        case Mark::none:
            return "";
    }
    return "";
}

/// U+2800 and the bits of the dots, as UTF-8.
std::string braille(std::uint8_t dots) {
    return {'\xE2', static_cast<char>(0xA0 | (dots >> 6)), static_cast<char>(0x80 | (dots & 0x3F))};
}

/// Cells with marks in them. Places count in dots from the upper left.
class Canvas {
  public:
    Canvas(int columns, int lines, const PlotStyle& style)
        : columns_(columns),
          lines_(lines),
          style_(style),
          marks_(static_cast<std::size_t>(columns) * static_cast<std::size_t>(lines), Mark::none),
          dots_(marks_.size(), 0) {}

    int columns() const { return columns_; }
    int lines() const { return lines_; }
    const Signs& signs() const { return style_.unicode ? kUnicode : kAscii; }

    void set(double x, double y, Mark mark) {
        const auto dot_x = static_cast<int>(std::lround(x)), dot_y = static_cast<int>(std::lround(y));
        if (dot_x < 0 || dot_y < 0 || dot_x >= kDotsAcross * columns_ || dot_y >= kDotsDown * lines_) return;
        const std::size_t cell = at(dot_x / kDotsAcross, dot_y / kDotsDown);
        marks_[cell] = std::max(marks_[cell], mark);
        if (mark != Mark::evaluated) return;
        constexpr std::uint8_t kBits[kDotsDown][kDotsAcross] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
        dots_[cell] |= kBits[dot_y % kDotsDown][dot_x % kDotsAcross];
    }

    std::string line(int number) const {
        std::string text;
        Mark open = Mark::none;
        for (int column = 0; column < columns_; ++column) {
            const Mark mark = marks_[at(column, number)];
            if (style_.coloured && mark != open) text += std::string(open == Mark::none ? "" : "\x1b[0m") + colour_of(mark);
            open = mark;
            text += sign(mark, dots_[at(column, number)]);
        }
        if (style_.coloured && open != Mark::none) text += "\x1b[0m";
        return text;
    }

    std::string sign(Mark mark, std::uint8_t dots) const {
        switch (mark) {
            case Mark::front:
                return signs().front;
            case Mark::evaluated:
                return style_.unicode ? braille(dots) : ".";
            case Mark::down:
                return signs().down;
            case Mark::across:
                return signs().across;
            case Mark::none:
                return " ";
        }
        return " ";
    }

    /// For the line that explains the signs.
    std::string explained(Mark mark, const std::string& text) const {
        const std::string shown = sign(mark, 0x12);
        return (style_.coloured ? colour_of(mark) + shown + "\x1b[0m" : shown) + " " + text;
    }

  private:
    std::size_t at(int column, int line) const {
        return static_cast<std::size_t>(line) * static_cast<std::size_t>(columns_) + static_cast<std::size_t>(column);
    }

    int columns_, lines_;
    PlotStyle style_;
    std::vector<Mark> marks_;
    std::vector<std::uint8_t> dots_;
};

std::string repeated(const char* text, int count) {
    std::string all;
    for (int i = 0; i < count; ++i) all += text;
    return all;
}

void draw(Canvas& canvas, const Snapshot& snapshot, const Results& r, const Scale& x, const Scale& y) {
    if (const auto cost = cost_limit(r); cost && x.holds(*cost))
        for (int line = 0; line < canvas.lines(); ++line) canvas.set(x(*cost), kDotsDown * line, Mark::down);
    if (const auto accuracy = r.limits.min_accuracy; accuracy && y.holds(*accuracy))
        for (int column = 0; column < canvas.columns(); ++column)
            canvas.set(kDotsAcross * column, y(*accuracy), Mark::across);
    for (const auto& e : snapshot.evaluations)
        for (const auto& p : e.curve)
            if (const double cost = cost_of(r, e.costs, p.point); x.holds(cost) && y.holds(p.point.accuracy))
                canvas.set(x(cost), y(p.point.accuracy), Mark::evaluated);
    for (const auto& d : r.designs) canvas.set(x(cost_of(r, d)), y(d.point.accuracy), Mark::front);
}

/// The vertical axis with its figures, and the canvas beside it.
std::string body(const Canvas& canvas, const Scale& y) {
    std::vector<std::string> labels(static_cast<std::size_t>(canvas.lines()));
    for (const double value : ticks(y, canvas.lines() / 3)) {
        const long line = std::lround(y(value)) / kDotsDown;
        if (line >= 0 && line < canvas.lines())
            labels[static_cast<std::size_t>(line)] = fmt::format("{:g} %", std::round(1e4 * value) / 100);
    }
    std::string text;
    for (int line = 0; line < canvas.lines(); ++line) {
        const std::string& label = labels[static_cast<std::size_t>(line)];
        std::string row = fmt::format("{:>{}} {}", label, kMargin - 2,
                                      label.empty() ? canvas.signs().vertical : canvas.signs().tick_left) +
                          canvas.line(line);
        row.erase(row.find_last_not_of(' ') + 1);
        text += row + "\n";
    }
    return text;
}

/// The horizontal axis, below it as many figures as have room.
std::string foot(const Canvas& canvas, const Results& r, const Scale& x) {
    std::string axis = std::string(kMargin - 1, ' ') + canvas.signs().corner, labels(kMargin, ' ');
    int drawn = 0;
    for (const double value : ticks(x, 8)) {
        const int column = static_cast<int>(std::lround(x(value))) / kDotsAcross;
        const std::string label = cost_label(r)(value);
        const int begin = kMargin + column - static_cast<int>(label.size()) / 2;
        const bool first = labels.size() == static_cast<std::size_t>(kMargin);
        if (column < drawn || begin < static_cast<int>(labels.size()) + (first ? 0 : 2) ||
            begin + static_cast<int>(label.size()) > kMargin + canvas.columns())
            continue;
        axis += repeated(canvas.signs().horizontal, column - drawn) + canvas.signs().tick_below;
        drawn = column + 1;
        labels += std::string(static_cast<std::size_t>(begin) - labels.size(), ' ') + label;
    }
    axis += repeated(canvas.signs().horizontal, canvas.columns() - drawn);
    const std::string title = by_macs(r) ? "average MACs (log scale)" : "average latency (log scale)";
    const auto indent = static_cast<std::size_t>(kMargin + std::max(0, canvas.columns() - static_cast<int>(title.size())));
    return axis + "\n" + labels + "\n" + std::string(indent, ' ') + title + "\n";
}

std::string explanation(const Canvas& canvas, const Results& r, const Scale& x, const Scale& y) {
    std::string text =
        canvas.explained(Mark::front, "admissible front") + "   " + canvas.explained(Mark::evaluated, "evaluated");
    if (const auto cost = cost_limit(r); cost && x.holds(*cost))
        text += "   " + canvas.explained(Mark::down, "at most " + cost_label(r)(*cost));
    if (const auto accuracy = r.limits.min_accuracy; accuracy && y.holds(*accuracy))
        text += "   " + canvas.explained(Mark::across, fmt::format("at least {:g} %", 100 * *accuracy));
    return text + "\n";
}

}  // namespace

std::string front_text(const Snapshot& snapshot, const Results& results, const PlotStyle& style) {
    if (style.width < kLeast || style.height < 4) return "";
    Canvas canvas(style.width - kMargin, style.height, style);
    const Scale x = cost_scale(snapshot, results, 0, kDotsAcross * canvas.columns() - 1);
    const Scale y = accuracy_scale(snapshot, results, kDotsDown * canvas.lines() - 1, 0);
    draw(canvas, snapshot, results, x, y);
    return fmt::format("{:>{}}\n", "accuracy", kMargin - 2) + body(canvas, y) + foot(canvas, results, x) +
           explanation(canvas, results, x, y);
}

}  // namespace nachos::report
