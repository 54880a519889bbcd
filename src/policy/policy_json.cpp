#include "policy/policy_json.h"

#include "core/error.h"

#include <cmath>
#include <numeric>

namespace nachos::policy {

using nlohmann::json;
using nlohmann::ordered_json;

ordered_json to_json(const OperatingPoint& point) {
    ordered_json thresholds = ordered_json::array();
    for (const auto& t : point.thresholds) thresholds.push_back(t ? ordered_json(*t) : ordered_json());
    return {{"thresholds", thresholds},
            {"accuracy", point.accuracy},
            {"min_class_accuracy", point.min_class_accuracy},
            {"avg_cost", point.avg_cost},
            {"avg_cost_upper", point.avg_cost_upper},
            {"p95_cost", point.p95_cost},
            {"worst_cost", point.worst_cost},
            {"exit_share", point.exit_share}};
}

OperatingPoint point_from(const core::JsonReader& in) {
    OperatingPoint point;
    for (const json& t : in.list("thresholds"))
        point.thresholds.push_back(t.is_null() ? std::nullopt : std::optional(in.number_in(t, "thresholds")));
    point.accuracy = in.number("accuracy");
    point.min_class_accuracy = in.number("min_class_accuracy");
    point.avg_cost = in.number("avg_cost");
    point.avg_cost_upper = in.number("avg_cost_upper");
    point.p95_cost = in.number("p95_cost");
    point.worst_cost = in.number("worst_cost");
    point.exit_share = in.numbers("exit_share");
    return point;
}

ordered_json to_json(const Calibration& calibration) {
    ordered_json exits = ordered_json::array();
    for (const auto& e : calibration.exits)
        exits.push_back({{"temperature", e.temperature}, {"gate_slope", e.gate_slope}, {"gate_offset", e.gate_offset}});
    return exits;
}

Calibration calibration_from(const std::vector<core::JsonReader>& exits) {
    Calibration calibration;
    for (const auto& e : exits)
        calibration.exits.push_back({e.number("temperature"), e.number("gate_slope"), e.number("gate_offset")});
    return calibration;
}

void check(const OperatingPoint& point, int exits, const std::string& where) {
    const auto need = [&](bool ok, const char* what) { require(ok, ErrorKind::bad_data, "{}: {}", where, what); };
    require(point.thresholds.size() + 1 == static_cast<std::size_t>(exits), ErrorKind::bad_data,
            "{}: has {} thresholds, a network of {} exits needs {}", where, point.thresholds.size(), exits, exits - 1);
    for (const auto& t : point.thresholds) need(!t || std::isfinite(*t), "a threshold is not finite");
    for (const double a : {point.accuracy, point.min_class_accuracy}) need(a >= 0 && a <= 1, "an accuracy is not in [0, 1]");
    for (const double c : {point.avg_cost, point.avg_cost_upper, point.p95_cost, point.worst_cost})
        need(c >= 0 && std::isfinite(c), "a cost is negative or not finite");
    require(point.exit_share.size() == static_cast<std::size_t>(exits), ErrorKind::bad_data,
            "{}: has {} exit shares, there are {} exits", where, point.exit_share.size(), exits);
    for (const double s : point.exit_share) need(s >= 0 && s <= 1, "an exit share is not in [0, 1]");
    const double sum = std::accumulate(point.exit_share.begin(), point.exit_share.end(), 0.0);
    need(std::abs(sum - 1) < 1e-6, "the exit shares do not sum to 1");
}

void check(const Calibration& calibration, int exits, const std::string& where) {
    require(calibration.exits.empty() || calibration.exits.size() == static_cast<std::size_t>(exits), ErrorKind::bad_data,
            "{}: calibrates {} exits, there are {}", where, calibration.exits.size(), exits);
    for (const auto& e : calibration.exits) {
        require(
            e.temperature > 0 && std::isfinite(e.temperature) && std::isfinite(e.gate_slope) && std::isfinite(e.gate_offset),
            ErrorKind::bad_data, "{}: temperature {}, gate slope {}, gate offset {}; all must be finite, the first positive",
            where, e.temperature, e.gate_slope, e.gate_offset);
    }
}

}  // namespace nachos::policy
