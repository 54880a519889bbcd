#include "report/charts.h"
#include "report/front_scales.h"
#include "report/number_text.h"
#include "report/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace nachos::report {
namespace {

constexpr double kWidth = 900;
constexpr double kHeight = 460;
constexpr double kLeft = 62, kRight = 24, kTop = 34, kBottom = 52;

/// Every evaluated point, one dot per pixel at most, as a single path.
std::string evaluated_points(const Snapshot& snapshot, const Results& results, const Scale& x, const Scale& y) {
    std::set<std::pair<int, int>> pixels;
    for (const auto& e : snapshot.evaluations)
        for (const auto& p : e.curve)
            if (const double cost = cost_of(results, e.costs, p.point); x.holds(cost) && y.holds(p.point.accuracy))
                pixels.emplace(std::lround(x(cost)), std::lround(y(p.point.accuracy)));
    std::string path;
    for (const auto& [px, py] : pixels) path += fmt::format("M{} {}h0", px, py);
    return fmt::format("<path class=\"seen\" d=\"{}\"/>\n", path);
}

/// What accuracy each budget buys: up at each design, level to the next.
std::string front_steps(const Results& results, const Scale& x, const Scale& y) {
    if (results.designs.empty()) return "";
    const double end = x(cost_limit(results).value_or(x.high));
    std::string path;
    for (const auto& d : results.designs) {
        const double px = x(cost_of(results, d)), py = y(d.point.accuracy);
        path += path.empty() ? fmt::format("M{:.1f} {:.1f}", px, py) : fmt::format("H{:.1f}V{:.1f}", px, py);
    }
    return fmt::format("<path class=\"steps\" d=\"{}H{:.1f}\"/>\n", path, end);
}

std::string design_title(const DesignRow& d) {
    std::string title = fmt::format("{}\n{} MACs on average", d.id, count_text(d.point.avg_cost));
    if (d.avg_latency_us) title += fmt::format("\n{} on average", time_text(*d.avg_latency_us));
    const auto part = [&](const char* name, const std::optional<double>& accuracy) {
        if (accuracy) title += fmt::format("\n{} accuracy {}", name, percent_text(*accuracy));
    };
    part("search", d.search_accuracy);
    part("calibration", d.calibration_accuracy);
    part("test", d.test_accuracy);
    return title + fmt::format("\nleave at each exit: {} %", shares_text(d.point.exit_share));
}

std::string design_marks(const Results& results, const Scale& x, const Scale& y) {
    std::string out;
    for (const auto& d : results.designs) {
        const double px = x(cost_of(results, d));
        if (d.test_accuracy) {
            out += svg_line(px, y(d.point.accuracy), px, y(*d.test_accuracy), "stem");
            out += svg_dot(px, y(*d.test_accuracy), 6, "test", design_title(d));
        }
        out += svg_dot(px, y(d.point.accuracy), 4.5, "front", design_title(d));
    }
    return out;
}

std::string limit_lines(const Results& results, const Scale& x, const Scale& y) {
    std::string out;
    if (const auto cost = cost_limit(results); cost && x.holds(*cost)) {
        out += svg_line(x(*cost), y.from, x(*cost), y.to, "limit");
        out += svg_text(x(*cost) - 6, y.to + 12, "limit-label end", "at most " + (cost_label(results)(*cost)));
    }
    if (const auto accuracy = results.limits.min_accuracy; accuracy && y.holds(*accuracy)) {
        out += svg_line(x.from, y(*accuracy), x.to, y(*accuracy), "limit");
        out += svg_text(x.from + 6, y(*accuracy) - 6, "limit-label", fmt::format("at least {:g} %", 100 * *accuracy));
    }
    return out;
}

}  // namespace

std::string front_chart(const Snapshot& snapshot, const Results& results) {
    const Scale x = cost_scale(snapshot, results, kLeft, kWidth - kRight);
    const Scale y = accuracy_scale(snapshot, results, kHeight - kBottom, kTop);
    const Axes axes{.x = x,
                    .y = y,
                    .x_title = by_macs(results) ? "average MACs per inference, executed (log scale)"
                                                : "average latency per inference, by the latency table (log scale)",
                    .y_title = "accuracy",
                    .x_label = cost_label(results),
                    .y_label = [](double a) { return fmt::format("{:g} %", std::round(1e4 * a) / 100); }};
    return svg_figure(kWidth, kHeight,
                      by_macs(results) ? "Accuracy against average MACs of every design"
                                       : "Accuracy against average latency of every design",
                      svg_axes(axes) + evaluated_points(snapshot, results, x, y) + limit_lines(results, x, y) +
                          front_steps(results, x, y) + design_marks(results, x, y));
}

std::string hypervolume_chart(const Snapshot& snapshot) {
    const auto& history = snapshot.history;
    if (history.empty()) return "";
    constexpr double kLow = 220;
    double most = 0;
    for (const auto& step : history) most = std::max(most, step.hypervolume);
    const Scale x{0, static_cast<double>(history.back().evaluations), kLeft, kWidth - kRight};
    const Scale y{0, most > 0 ? 1.1 * most : 1, kLow - kBottom, kTop};
    const Axes axes{.x = x,
                    .y = y,
                    .x_title = "architectures evaluated",
                    .y_title = "hypervolume",
                    .x_label = [](double n) { return fmt::format("{:.0f}", n); },
                    .y_label = [](double h) { return fmt::format("{:g}", std::round(1e4 * h) / 1e4); },
                    .y_ticks = 4};
    std::string path, dots;
    for (const auto& step : history) {
        const double px = x(step.evaluations), py = y(step.hypervolume);
        path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? 'M' : 'L', px, py);
        dots += svg_dot(px, py, 3, "front",
                        fmt::format("{} architectures\nhypervolume {:.4f}\n{} with an admissible design", step.evaluations,
                                    step.hypervolume, percent_text(step.feasible_share, 0)));
    }
    return svg_figure(kWidth, kLow, "Hypervolume over the search",
                      svg_axes(axes) + fmt::format("<path class=\"steps\" d=\"{}\"/>\n", path) + dots);
}

}  // namespace nachos::report
