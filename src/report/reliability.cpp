#include "report/reliability.h"

#include "core/error.h"
#include "report/number_text.h"
#include "report/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

namespace nachos::report {
namespace {

// Pixels of one diagram.
constexpr double kSide = 210, kLeft = 56, kTop = 34, kPitch = 300, kHeight = kTop + kSide + 52;
constexpr double kLargestDot = 11;  // of a bin that holds every sample

std::string curve(const std::vector<policy::ReliabilityBin>& bins, const Scale& x, const Scale& y, const char* style,
                  const char* when) {
    int samples = 0;
    for (const auto& bin : bins) samples += bin.samples;
    std::string dots;
    for (const auto& bin : bins) {
        if (bin.samples == 0) continue;
        const double share = static_cast<double>(bin.samples) / samples;
        dots += svg_dot(x(bin.confidence), y(bin.accuracy), 2 + (kLargestDot - 2) * std::sqrt(share), style,
                        fmt::format("{}: {} samples\nmean confidence {}\nright {}", when, bin.samples,
                                    percent_text(bin.confidence), percent_text(bin.accuracy)));
    }
    return dots;
}

std::string diagram(const ExitReliability& exit, std::size_t index, double left) {
    const Scale x{0, 1, left, left + kSide}, y{0, 1, kTop + kSide, kTop};
    const auto percent = [](double v) { return fmt::format("{:.0f} %", 100 * v); };
    const Axes axes{.x = x,
                    .y = y,
                    .x_title = "confidence",
                    .y_title = "",
                    .x_label = percent,
                    .y_label = percent,
                    .x_ticks = 4,
                    .y_ticks = 4};
    return svg_axes(axes) + svg_line(x(0), y(0), x(1), y(1), "limit") + curve(exit.before, x, y, "before", "as trained") +
           curve(exit.after, x, y, "test", "calibrated") +
           svg_text(left, kTop - 14, "name",
                    fmt::format("exit {}: error {} → {}", index + 1, percent_text(exit.error_before, 1),
                                percent_text(exit.error_after, 1)));
}

/// A recorded table of the model, checked to be one.
policy::RecordedTable table_of(const study::TrainedModel& model, const std::filesystem::path& path) {
    policy::RecordedTable table = policy::load_table(path);
    const int exits = model.arch.placed_exits() + 1;
    require(table.exits == exits, ErrorKind::bad_data, "{}: is of {} exits, its network has {}", path.string(), table.exits,
            exits);
    return table;
}

}  // namespace

std::vector<ExitReliability> reliability(const policy::RecordedTable& calibration, const policy::RecordedTable& measured,
                                         policy::Measure measure) {
    const policy::ExitView before = policy::view(measured, measure, {});
    const policy::ExitView after = policy::view(measured, measure, policy::calibrate(calibration));
    std::vector<ExitReliability> exits;
    for (int exit = 0; exit + 1 < measured.exits; ++exit)
        exits.push_back({policy::reliability_bins(before, exit), policy::reliability_bins(after, exit),
                         policy::expected_calibration_error(before, exit), policy::expected_calibration_error(after, exit)});
    return exits;
}

std::vector<ExitReliability> reliability(const study::Study& study, const study::TrainedModel& model) {
    const auto calibration = study.path_of(study::calibration_table_file(model.name));
    const auto test = study.path_of(study::test_table_file(model.name));
    if (!std::filesystem::exists(calibration)) return {};
    const policy::RecordedTable fitted = table_of(model, calibration);
    return reliability(fitted, std::filesystem::exists(test) ? table_of(model, test) : fitted,
                       policy::measure_from(model.measure));
}

std::string reliability_chart(const std::vector<ExitReliability>& exits) {
    std::string content;
    for (std::size_t i = 0; i < exits.size(); ++i) content += diagram(exits[i], i, kLeft + kPitch * static_cast<double>(i));
    const double width = std::max(kLeft + kPitch * static_cast<double>(exits.size()), 3 * kPitch);
    return svg_figure(width, kHeight, "Accuracy against confidence of each exit", content);
}

}  // namespace nachos::report
