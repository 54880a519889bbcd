#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nachos::report {

/// Text made safe for HTML and SVG, in content and in attributes.
std::string escaped(std::string_view text);

/// Maps values to pixels, linear or logarithmic.
struct Scale {
    double low = 0;
    double high = 1;
    double from = 0;  ///< pixel of `low`
    double to = 1;    ///< pixel of `high`
    bool logarithmic = false;

    double operator()(double value) const;
    bool holds(double value) const { return value >= low && value <= high; }
};

/// Round values within a scale: 1, 2, 5 times powers of ten (more between on a short logarithmic
/// scale); about `count` of them on a linear scale.
std::vector<double> ticks(const Scale& scale, int count);

/// The frame of a chart: grid lines with labels at both axes' ticks.
struct Axes {
    Scale x;
    Scale y;
    std::string x_title;
    std::string y_title;
    std::string (*x_label)(double) = nullptr;
    std::string (*y_label)(double) = nullptr;
    int x_ticks = 8;
    int y_ticks = 6;
};
std::string svg_axes(const Axes& axes);

std::string svg_text(double x, double y, std::string_view style, std::string_view text);
std::string svg_line(double x1, double y1, double x2, double y2, std::string_view style);
/// A dot that shows `title` when pointed at.
std::string svg_dot(double x, double y, double radius, std::string_view style, std::string_view title);

/// A chart of that size that grows with the page; `title` is what a screen reader says.
std::string svg_figure(double width, double height, std::string_view title, const std::string& content);

}  // namespace nachos::report
