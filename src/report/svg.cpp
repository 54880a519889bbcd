#include "report/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace nachos::report {
namespace {

/// The largest of 1, 2, 5 times a power of ten that is at most `rough`.
double round_step(double rough) {
    const double power = std::pow(10, std::floor(std::log10(rough)));
    const double lead = rough / power;
    return power * (lead >= 5 ? 5 : lead >= 2 ? 2 : 1);
}

std::vector<double> log_ticks(const Scale& scale) {
    const bool narrow = scale.high / scale.low < 30;
    const std::vector<double> leads = narrow ? std::vector<double>{1, 1.5, 2, 3, 4, 5, 7} : std::vector<double>{1, 2, 5};
    std::vector<double> values;
    for (double power = std::pow(10, std::floor(std::log10(scale.low))); power <= scale.high; power *= 10)
        for (const double lead : leads)
            if (scale.holds(lead * power)) values.push_back(lead * power);
    return values;
}

}  // namespace

std::string escaped(std::string_view text) {
    std::string safe;
    for (const char c : text) {
        switch (c) {
            case '&':
                safe += "&amp;";
                break;
            case '<':
                safe += "&lt;";
                break;
            case '>':
                safe += "&gt;";
                break;
            case '"':
                safe += "&quot;";
                break;
            case '\'':
                safe += "&#39;";
                break;
            default:
                safe += c;
        }
    }
    return safe;
}

double Scale::operator()(double value) const {
    const double share = logarithmic ? std::log(value / low) / std::log(high / low) : (value - low) / (high - low);
    return from + share * (to - from);
}

std::vector<double> ticks(const Scale& scale, int count) {
    if (scale.logarithmic) return log_ticks(scale);
    const double step = round_step((scale.high - scale.low) / count);
    std::vector<double> values;
    for (double i = std::ceil(scale.low / step - 1e-9); i * step <= scale.high + 1e-9 * step; ++i)
        values.push_back(i * step + 0.0);
    return values;
}

std::string svg_axes(const Axes& a) {
    std::string out;
    for (const double value : ticks(a.x, a.x_ticks)) {
        out += svg_line(a.x(value), a.y.from, a.x(value), a.y.to, "grid");
        out += svg_text(a.x(value), a.y.from + 18, "tick middle", a.x_label(value));
    }
    for (const double value : ticks(a.y, a.y_ticks)) {
        out += svg_line(a.x.from, a.y(value), a.x.to, a.y(value), "grid");
        out += svg_text(a.x.from - 8, a.y(value) + 4, "tick end", a.y_label(value));
    }
    out += svg_text((a.x.from + a.x.to) / 2, a.y.from + 38, "axis middle", a.x_title);
    out += svg_text(a.x.from, a.y.to - 12, "axis", a.y_title);
    return out;
}

std::string svg_text(double x, double y, std::string_view style, std::string_view text) {
    return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"{}\">{}</text>\n", x, y, style, escaped(text));
}

std::string svg_line(double x1, double y1, double x2, double y2, std::string_view style) {
    return fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" class=\"{}\"/>\n", x1, y1, x2, y2,
                       style);
}

std::string svg_dot(double x, double y, double radius, std::string_view style, std::string_view title) {
    return fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\" class=\"{}\"><title>{}</title></circle>\n", x, y,
                       radius, style, escaped(title));
}

std::string svg_figure(double width, double height, std::string_view title, const std::string& content) {
    return fmt::format(
        "<div class=\"figure\"><svg viewBox=\"0 0 {:.0f} {:.0f}\" style=\"min-width:{:.0f}px\" role=\"img\" "
        "aria-label=\"{}\">\n{}</svg></div>\n",
        width, height, std::min(width, 640.0), escaped(title), content);
}

}  // namespace nachos::report
