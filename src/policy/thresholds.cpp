#include "policy/thresholds.h"

#include "core/error.h"
#include "policy/exit_counts.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

namespace nachos::policy {
namespace {

void check_thresholds(const ExitView& view, const Thresholds& thresholds) {
    require(static_cast<int>(thresholds.size()) + 1 == view.exits, ErrorKind::bad_data,
            "{} thresholds for {} exits: one for each exit but the last is required", thresholds.size(), view.exits);
}

std::vector<int> exits_taken(const ExitView& view, const Thresholds& thresholds) {
    std::vector<int> taken(static_cast<std::size_t>(view.samples));
    for (int n = 0; n < view.samples; ++n) taken[static_cast<std::size_t>(n)] = exit_taken(view, n, thresholds);
    return taken;
}

std::vector<int> count(const std::vector<int>& exits, int exit_count) {
    std::vector<int> taken(static_cast<std::size_t>(exit_count));
    for (const int i : exits) ++taken[static_cast<std::size_t>(i)];
    return taken;
}

/// Confidences are at least 0, so nothing passes an exit whose threshold is not above 0.
double worst_cost(const Thresholds& thresholds, std::span<const double> cost) {
    const auto closed = std::find_if(thresholds.begin(), thresholds.end(), [](const auto& t) { return t && *t <= 0; });
    return cost[static_cast<std::size_t>(closed - thresholds.begin())];
}

struct Hits {
    int samples = 0;
    int right = 0;
    double share() const { return static_cast<double>(right) / samples; }
};

/// What `taken[i]` samples cost that left at exit i.
void fill_costs(OperatingPoint& point, const std::vector<int>& taken, std::span<const double> cost) {
    point.avg_cost = mean_cost(taken, cost);
    point.avg_cost_upper = mean_cost_upper(taken, cost);
    point.p95_cost = p95_cost(taken, cost);
    point.worst_cost = worst_cost(point.thresholds, cost);
}

/// The point at which sample n leaves at exits[n]; `thresholds` are those reported with it.
OperatingPoint summarise(const ExitView& view, const std::vector<int>& exits, const Thresholds& thresholds,
                         std::span<const double> cost) {
    const std::vector<int> taken = count(exits, view.exits);
    Hits all;
    std::map<std::int32_t, Hits> classes;
    for (int n = 0; n < view.samples; ++n) {
        const int right = view.correct(n, exits[static_cast<std::size_t>(n)]) ? 1 : 0;
        for (Hits* hits : {&all, &classes[view.labels[static_cast<std::size_t>(n)]]}) {
            ++hits->samples;
            hits->right += right;
        }
    }
    OperatingPoint point;
    point.thresholds = thresholds;
    point.accuracy = all.share();
    point.min_class_accuracy = 1;
    for (const auto& [label, hits] : classes) point.min_class_accuracy = std::min(point.min_class_accuracy, hits.share());
    fill_costs(point, taken, cost);
    for (const int t : taken) point.exit_share.push_back(static_cast<double>(t) / view.samples);
    return point;
}

/// Two halves; the samples of each class alternate, and so do the classes' first samples.
struct Halves {
    std::vector<int> side;  ///< (N) 0 or 1
    std::vector<int> rows[2];
};

Halves halves_of(const ExitView& view) {
    Halves halves;
    std::map<std::int32_t, int> next;
    for (int n = 0; n < view.samples; ++n) {
        const auto [turn, fresh] = next.try_emplace(view.labels[static_cast<std::size_t>(n)], next.size() % 2);
        halves.side.push_back(turn->second);
        halves.rows[turn->second].push_back(n);
        turn->second ^= 1;
    }
    return halves;
}

bool dominates(const OperatingPoint& a, const OperatingPoint& b) {
    return a.accuracy >= b.accuracy && a.avg_cost <= b.avg_cost && (a.accuracy > b.accuracy || a.avg_cost < b.avg_cost);
}

/// Of points that are equal in both figures the first stays.
std::vector<BudgetPoint> without_dominated(const std::vector<BudgetPoint>& curve) {
    std::vector<BudgetPoint> kept;
    for (std::size_t i = 0; i < curve.size(); ++i) {
        const OperatingPoint& own = curve[i].point;
        bool keep = true;
        for (std::size_t j = 0; j < curve.size() && keep; ++j) {
            const OperatingPoint& other = curve[j].point;
            const bool repeated = j < i && other.accuracy == own.accuracy && other.avg_cost == own.avg_cost;
            keep = !repeated && !dominates(other, own);
        }
        if (keep) kept.push_back(curve[i]);
    }
    return kept;
}

/// A view, the front fitted on it, and the question asked of both.
struct Fitted {
    ExitView view;
    std::span<const double> cost;
    TuneOptions options;
    std::vector<FrontPoint> front = threshold_front(view, cost, options);

    std::optional<FrontPoint> within(double budget) const { return best_within(view, cost, front, budget, true); }
};

}  // namespace

double mean_cost(std::span<const int> taken, std::span<const double> cost) {
    double sum = 0;
    std::int64_t samples = 0;
    for (std::size_t i = 0; i < taken.size(); ++i) {
        sum += taken[i] * cost[i];
        samples += taken[i];
    }
    return sum / static_cast<double>(samples);
}

double mean_cost_error(std::span<const int> taken, std::span<const double> cost) {
    const double mean = mean_cost(taken, cost);
    const double samples = std::accumulate(taken.begin(), taken.end(), 0.0);
    double squares = 0;
    for (std::size_t i = 0; i < taken.size(); ++i) squares += taken[i] * (cost[i] - mean) * (cost[i] - mean);
    return samples > 1 ? std::sqrt(squares / (samples - 1) / samples) : 0;
}

double mean_cost_upper(std::span<const int> taken, std::span<const double> cost, double z) {
    return mean_cost(taken, cost) + z * mean_cost_error(taken, cost);
}

double p95_cost(std::span<const int> taken, std::span<const double> cost) {
    const auto samples = std::accumulate(taken.begin(), taken.end(), std::int64_t{0});
    std::int64_t below = 0;
    std::size_t exit = 0;
    while (exit < taken.size() && 20 * (below += taken[exit]) < 19 * samples) ++exit;
    return cost[exit];
}

void check(const ExitView& view, std::span<const double> cost) {
    require(view.samples > 0 && view.exits > 0, ErrorKind::bad_data, "thresholds need samples and exits, got {} and {}",
            view.samples, view.exits);
    require(static_cast<int>(cost.size()) == view.exits, ErrorKind::bad_data, "{} costs for {} exits, one each is required",
            cost.size(), view.exits);
    for (std::size_t i = 0; i < cost.size(); ++i)
        require(std::isfinite(cost[i]) && cost[i] > 0 && (i == 0 || cost[i] >= cost[i - 1]), ErrorKind::bad_data,
                "the cost of exit {} is {}: costs must be positive and not fall from exit to exit", i + 1, cost[i]);
    const auto bad =
        std::find_if(view.confidences.begin(), view.confidences.end(), [](float c) { return !std::isfinite(c); });
    const std::ptrdiff_t cell = bad - view.confidences.begin();
    require(bad == view.confidences.end(), ErrorKind::bad_data,
            "sample {}: the confidence at exit {} is not a finite number", cell / view.exits + 1, cell % view.exits + 1);
}

int exit_taken(const ExitView& view, int sample, const Thresholds& thresholds) {
    int exit = 0;
    for (const auto& threshold : thresholds) {
        if (threshold && view.confidence(sample, exit) >= *threshold) break;
        ++exit;
    }
    return exit;
}

Thresholds centred(Thresholds thresholds, const ExitView& view) {
    for (std::size_t e = 0; e < thresholds.size(); ++e) {
        if (!thresholds[e]) continue;
        double below = -std::numeric_limits<double>::infinity(), above = -below;
        for (int n = 0; n < view.samples; ++n) {
            const double c = view.confidence(n, static_cast<int>(e));
            if (c < *thresholds[e]) {
                below = std::max(below, c);
            } else {
                above = std::min(above, c);
            }
        }
        if (std::isfinite(below) && std::isfinite(above)) thresholds[e] = below + (above - below) / 2;
    }
    return thresholds;
}

OperatingPoint in_costs(OperatingPoint point, int samples, std::span<const double> cost) {
    std::vector<int> taken;
    for (const double share : point.exit_share) taken.push_back(static_cast<int>(std::lround(share * samples)));
    fill_costs(point, taken, cost);
    return point;
}

OperatingPoint apply(const ExitView& view, const Thresholds& thresholds, std::span<const double> cost) {
    check(view, cost);
    check_thresholds(view, thresholds);
    return summarise(view, exits_taken(view, thresholds), thresholds, cost);
}

std::optional<FrontPoint> best_within(const ExitView& view, std::span<const double> cost,
                                      const std::vector<FrontPoint>& front, double max_avg_cost, bool use_bound) {
    for (auto point = front.rbegin(); point != front.rend(); ++point) {
        if (point->avg_cost > max_avg_cost) continue;
        if (!use_bound) return *point;
        const std::vector<int> taken = count(exits_taken(view, point->thresholds), view.exits);
        if (mean_cost_upper(taken, cost) <= max_avg_cost) return *point;
    }
    return std::nullopt;
}

std::vector<BudgetPoint> cross_fitted_curve(const ExitView& view, std::span<const double> cost,
                                            std::span<const double> budgets, const TuneOptions& options) {
    check(view, cost);
    require(view.samples > 1, ErrorKind::bad_data, "cross-fitting needs at least two samples, got {}", view.samples);
    const Halves halves = halves_of(view);
    const Fitted whole{view, cost, options};
    const Fitted half[] = {{select(view, halves.rows[0]), cost, options}, {select(view, halves.rows[1]), cost, options}};
    std::vector<BudgetPoint> curve;
    for (std::size_t b = 0; b < budgets.size(); ++b) {
        const auto reported = whole.within(budgets[b]);
        const std::optional<FrontPoint> fitted[] = {half[0].within(budgets[b]), half[1].within(budgets[b])};
        if (!reported || !fitted[0] || !fitted[1]) continue;
        std::vector<int> exits;
        for (int n = 0; n < view.samples; ++n) {
            const int other = 1 - halves.side[static_cast<std::size_t>(n)];
            exits.push_back(exit_taken(view, n, fitted[other]->thresholds));
        }
        curve.push_back({static_cast<int>(b), summarise(view, exits, centred(reported->thresholds, view), cost)});
    }
    return without_dominated(curve);
}

}  // namespace nachos::policy
