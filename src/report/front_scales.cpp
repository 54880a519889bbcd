#include "report/front_scales.h"

#include "report/number_text.h"

#include <algorithm>
#include <cmath>

namespace nachos::report {
namespace {

std::string short_time_text(double us) { return short_count_text(us) + " us"; }

struct Extent {
    double low = INFINITY;
    double high = -INFINITY;

    void add(double value) {
        low = std::min(low, value);
        high = std::max(high, value);
    }
};

}  // namespace

bool by_macs(const Results& results) { return results.axes.unit == study::CostUnit::macs; }

double cost_of(const Results& results, const study::ArchCosts& costs, const policy::OperatingPoint& point) {
    return study::average_cost(costs, point, results.axes.unit);
}

double cost_of(const Results& results, const DesignRow& d) { return cost_of(results, d.costs, d.point); }

std::optional<double> cost_limit(const Results& results) {
    return by_macs(results) ? results.limits.max_avg_macs : results.limits.max_avg_latency_us;
}

std::string (*cost_label(const Results& results))(double) { return by_macs(results) ? short_count_text : short_time_text; }

double accuracy_of(const DesignRow& d) { return d.test_accuracy.value_or(d.point.accuracy); }

Scale cost_scale(const Snapshot& snapshot, const Results& results, double from, double to) {
    Extent cost;
    for (const auto& e : snapshot.evaluations)
        for (const auto& p : e.curve) cost.add(cost_of(results, e.costs, p.point));
    for (const auto& d : results.designs) cost.add(cost_of(results, d));
    if (const auto limit = cost_limit(results)) cost.add(*limit);
    if (!(cost.low <= cost.high) || !std::isfinite(cost.high)) cost = {results.axes.min_cost, results.axes.max_cost};
    return {std::max(1.0, cost.low * 0.9), std::max(2.0, cost.high * 1.1), from, to, true};
}

Scale accuracy_scale(const Snapshot& snapshot, const Results& results, double from, double to) {
    Extent all, front;
    for (const auto& e : snapshot.evaluations)
        for (const auto& p : e.curve) all.add(p.point.accuracy);
    for (const auto& d : results.designs) {
        front.add(d.point.accuracy);
        front.add(accuracy_of(d));
    }
    all.add(std::isfinite(front.high) ? front.high : 1);
    if (const auto limit = results.limits.min_accuracy) front.add(*limit);
    if (!std::isfinite(front.low)) front = all;
    const double top = std::max(all.high, front.high);
    const double floor = front.low - std::max(0.01, top - front.low);
    const double low = std::max(std::min(all.low, front.low), floor);
    const double margin = std::max(0.002, 0.08 * (top - low));
    return {std::max(0.0, low - margin), std::min(1.0, top + margin), from, to};
}

}  // namespace nachos::report
