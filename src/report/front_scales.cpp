#include "report/front_scales.h"

#include <algorithm>
#include <cmath>

namespace nachos::report {
namespace {

struct Extent {
    double low = INFINITY;
    double high = -INFINITY;

    void add(double value) {
        low = std::min(low, value);
        high = std::max(high, value);
    }
};

}  // namespace

double accuracy_of(const DesignRow& d) { return d.test_accuracy.value_or(d.point.accuracy); }

Scale cost_scale(const Snapshot& snapshot, const Results& results, double from, double to) {
    Extent macs;
    for (const auto& e : snapshot.evaluations)
        for (const auto& p : e.curve) macs.add(p.point.avg_cost);
    for (const auto& d : results.designs) macs.add(d.point.avg_cost);
    if (const auto limit = results.limits.max_avg_macs) macs.add(*limit);
    if (!(macs.low <= macs.high)) macs = {results.axes.min_macs, results.axes.max_macs};
    return {std::max(1.0, macs.low * 0.9), std::max(2.0, macs.high * 1.1), from, to, true};
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
