#include "policy/published_rule.h"

#include <algorithm>

namespace nachos::policy {
namespace {

constexpr int kMostTenths = 7;

Thresholds thresholds_of(const std::vector<int>& tenths) {
    Thresholds thresholds;
    for (const int t : tenths) thresholds.emplace_back(static_cast<float>(t / 10.0));
    return thresholds;
}

/// The point of one common threshold after its repair, whether that was enough or not.
OperatingPoint repaired(const ExitView& view, std::span<const double> cost, double max_avg_cost, int tenths) {
    std::vector<int> own(static_cast<std::size_t>(std::max(view.exits - 1, 0)), tenths);
    OperatingPoint point = apply(view, thresholds_of(own), cost);
    for (std::size_t exit = 0; point.avg_cost > max_avg_cost; exit = (exit + 1) % own.size()) {
        if (std::all_of(own.begin(), own.end(), [](int t) { return t == 0; })) break;
        if (own[exit] == 0) continue;
        --own[exit];
        point = apply(view, thresholds_of(own), cost);
    }
    return point;
}

}  // namespace

std::optional<OperatingPoint> published_rule(const ExitView& view, std::span<const double> cost, double max_avg_cost) {
    std::optional<OperatingPoint> best;
    for (int tenths = 1; tenths <= kMostTenths; ++tenths) {
        const OperatingPoint point = repaired(view, cost, max_avg_cost, tenths);
        if (point.avg_cost > max_avg_cost) continue;
        const bool better = !best || point.accuracy > best->accuracy ||
                            (point.accuracy == best->accuracy && point.avg_cost < best->avg_cost);
        if (better) best = point;
    }
    return best;
}

}  // namespace nachos::policy
