#include "cli/tune_output.h"

#include "core/error.h"
#include "report/number_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace nachos::cli {
namespace {

using nlohmann::ordered_json;
using policy::OperatingPoint;
using policy::Thresholds;

constexpr std::size_t kMostShown = 12;  // front points in the table

/// What is printed must decide alike where confidences are held as double.
Thresholds portable(Thresholds thresholds) {
    for (auto& t : thresholds)
        if (t) t = policy::portable_threshold(*t);
    return thresholds;
}

std::string cost_text(double cost) { return cost < 1000 ? fmt::format("{:.4g}", cost) : report::count_text(cost); }

std::string interval_text(const core::Interval& i, double scale) {
    return fmt::format("{:.6g} to {:.6g}", scale * i.low, scale * i.high);
}

ordered_json thresholds_json(const Thresholds& thresholds) {
    ordered_json all = ordered_json::array();
    for (const auto& t : portable(thresholds)) all.push_back(t ? ordered_json(*t) : ordered_json());
    return all;
}

ordered_json point_json(const OperatingPoint& point, int samples, const policy::ExitCosts& costs) {
    const auto ci95 = policy::intervals95(point, samples, costs.executed);
    return {
        {"thresholds", thresholds_json(point.thresholds)},
        {"accuracy", point.accuracy},
        {"min_class_accuracy", point.min_class_accuracy},
        {"avg_cost", point.avg_cost},
        {"p95_cost", point.p95_cost},
        {"exit_share", point.exit_share},
        {"samples", samples},
        {"ci95",
         {{"accuracy", {ci95.accuracy.low, ci95.accuracy.high}}, {"avg_cost", {ci95.avg_cost.low, ci95.avg_cost.high}}}}};
}

std::string table_line(const std::string& thresholds, const std::string& accuracy, const std::string& avg_cost,
                       const std::string& shares) {
    return fmt::format("  {:<32} {:>9} {:>12}  {}\n", thresholds, accuracy, avg_cost, shares);
}

std::string point_lines(const char* name, const OperatingPoint& point, int samples, const policy::ExitCosts& costs) {
    const auto ci95 = policy::intervals95(point, samples, costs.executed);
    return fmt::format("\n{} ({} samples)\n", name, samples) +
           table_line(report::thresholds_text(portable(point.thresholds)), report::percent_text(point.accuracy),
                      cost_text(point.avg_cost), report::shares_text(point.exit_share)) +
           fmt::format("  worst class {}, 95 % of the samples at most {}\n", report::percent_text(point.min_class_accuracy),
                       cost_text(point.p95_cost)) +
           fmt::format("  95 % intervals: accuracy {} %, average cost {}\n", interval_text(ci95.accuracy, 100),
                       interval_text(ci95.avg_cost, 1));
}

std::string csv_line(const char* row, const Thresholds& thresholds, double accuracy, double avg_cost,
                     const std::vector<double>& shares) {
    std::string text = row;
    for (const auto& t : portable(thresholds)) text += t ? fmt::format(",{}", *t) : ",";
    return text + fmt::format(",{},{},{}\n", accuracy, avg_cost, fmt::join(shares, ","));
}

std::string csv_line(const char* row, const OperatingPoint& p) {
    return csv_line(row, p.thresholds, p.accuracy, p.avg_cost, p.exit_share);
}

}  // namespace

void require_admissible(const policy::BestVector& best) {
    if (best.broken.empty()) return;
    std::string message = fmt::format("no thresholds meet the limits; the nearest ({}):",
                                      report::thresholds_text(portable(best.point.thresholds)));
    for (const auto& b : best.broken)
        message += fmt::format("\n  {} is {:.6g}, allowed is {:.6g} (off by {:.6g}, {:.1f} %)", b.limit, b.got, b.allowed,
                               std::abs(b.got - b.allowed), 100 * std::abs(b.got - b.allowed) / b.allowed);
    throw Error(ErrorKind::inadmissible, message);
}

std::string tune_table(const TuneResult& result) {
    const auto& front = result.tuning.front;
    const std::size_t shown = std::min(front.size(), kMostShown);
    std::string text = fmt::format("front: {} of {} points, solved in {:.1f} ms, costs in {}\n", shown, front.size(),
                                   result.solver_ms, result.costs.unit);
    text += table_line("thresholds", "accuracy", "avg cost", "% leaving at each exit");
    for (std::size_t i = 0; i < shown; ++i) {
        const auto& p = front[shown == 1 ? 0 : i * (front.size() - 1) / (shown - 1)];
        text += table_line(report::thresholds_text(portable(p.thresholds)), report::percent_text(p.accuracy),
                           cost_text(p.avg_cost), report::shares_text(p.exit_share));
    }
    text += point_lines("best", result.tuning.best.point, result.samples, result.costs);
    if (result.report) text += point_lines("report", *result.report, result.report_samples, result.costs);
    return text;
}

std::string tune_json(const TuneResult& result) {
    ordered_json out;
    out["front"] = ordered_json::array();
    for (const auto& p : result.tuning.front)
        out["front"].push_back({{"thresholds", thresholds_json(p.thresholds)},
                                {"accuracy", p.accuracy},
                                {"avg_cost", p.avg_cost},
                                {"exit_share", p.exit_share}});
    out["best"] = point_json(result.tuning.best.point, result.samples, result.costs);
    out["report"] = result.report ? point_json(*result.report, result.report_samples, result.costs) : ordered_json();
    out["solver_ms"] = result.solver_ms;
    return out.dump(2) + "\n";
}

std::string tune_csv(const TuneResult& result) {
    std::string text = "row";
    const std::size_t exits = result.costs.executed.size();
    for (std::size_t i = 1; i < exits; ++i) text += fmt::format(",threshold_{}", i);
    text += ",accuracy,avg_cost";
    for (std::size_t i = 1; i <= exits; ++i) text += fmt::format(",exit_share_{}", i);
    text += "\n";
    for (const auto& p : result.tuning.front) text += csv_line("front", p.thresholds, p.accuracy, p.avg_cost, p.exit_share);
    text += csv_line("best", result.tuning.best.point);
    if (result.report) text += csv_line("report", *result.report);
    return text;
}

}  // namespace nachos::cli
