#include "search/archive.h"

#include "optimize/pareto.h"

#include <algorithm>
#include <cmath>

namespace nachos::search {
namespace {

const policy::OperatingPoint& point_of(std::span<const study::Evaluation> archive, const Design& design) {
    return archive[static_cast<std::size_t>(design.evaluation)].curve[static_cast<std::size_t>(design.point)].point;
}

double cost_of(std::span<const study::Evaluation> archive, const Design& design, study::CostUnit unit) {
    const auto& costs = archive[static_cast<std::size_t>(design.evaluation)].costs;
    return study::average_cost(costs, point_of(archive, design), unit);
}

std::vector<Design> all_designs(std::span<const study::Evaluation> archive) {
    std::vector<Design> designs;
    for (std::size_t e = 0; e < archive.size(); ++e)
        for (std::size_t p = 0; p < archive[e].curve.size(); ++p)
            designs.push_back({static_cast<int>(e), static_cast<int>(p)});
    return designs;
}

double violation(std::span<const study::Evaluation> archive, const study::Limits& limits, const Design& design) {
    const auto& costs = archive[static_cast<std::size_t>(design.evaluation)].costs;
    return study::total_violation(study::violations(limits, costs, point_of(archive, design)));
}

}  // namespace

HypervolumeAxes axes_of(const arch::SearchSpace& space, const study::Limits& limits,
                        const std::function<study::ArchCosts(const arch::ArchSpec&)>& costs, study::CostUnit unit) {
    const auto full_cost = [&](const arch::ArchSpec& spec) { return study::exit_costs(costs(spec), unit).back(); };
    const auto& limit = unit == study::CostUnit::macs ? limits.max_avg_macs : limits.max_avg_latency_us;
    HypervolumeAxes axes{.unit = unit};
    axes.max_cost = limit ? *limit : full_cost(space.largest());
    axes.min_cost = full_cost(space.smallest());
    if (axes.min_cost >= axes.max_cost) axes.min_cost = axes.max_cost / 2;
    const double chance_error = 1 - 1.0 / space.task().classes;
    constexpr double kLeastError = 1e-6;  // min_accuracy = 1 must not make the axis a point
    axes.max_error = limits.min_accuracy ? std::max(1 - *limits.min_accuracy, kLeastError) : chance_error;
    return axes;
}

std::vector<double> budget_grid(const HypervolumeAxes& axes, int steps) {
    std::vector<double> budgets;
    for (int k = 1; k < steps; ++k)
        budgets.push_back(axes.min_cost * std::pow(axes.max_cost / axes.min_cost, static_cast<double>(k) / steps));
    budgets.push_back(axes.max_cost);
    return budgets;
}

std::vector<Design> admissible_front(std::span<const study::Evaluation> archive, const study::Limits& limits,
                                     study::CostUnit unit) {
    std::vector<Design> admissible;
    std::vector<optimize::Objectives> points;
    for (const Design& design : all_designs(archive)) {
        if (violation(archive, limits, design) > 0) continue;
        const auto& point = point_of(archive, design);
        admissible.push_back(design);
        points.push_back({cost_of(archive, design, unit), 1 - point.accuracy});
    }
    std::vector<Design> front;
    for (const int i : optimize::front_2d(points)) front.push_back(admissible[static_cast<std::size_t>(i)]);
    return front;
}

std::vector<Design> nearest_designs(std::span<const study::Evaluation> archive, const study::Limits& limits, int count) {
    std::vector<std::pair<double, Design>> nearest;  // one per architecture: its designs follow each other
    for (const Design& design : all_designs(archive)) {
        const double own = violation(archive, limits, design);
        if (nearest.empty() || nearest.back().second.evaluation != design.evaluation)
            nearest.emplace_back(own, design);
        else if (own < nearest.back().first)
            nearest.back() = {own, design};
    }
    std::stable_sort(nearest.begin(), nearest.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<Design> designs;
    for (const auto& [own, design] : nearest)
        if (static_cast<int>(designs.size()) < count) designs.push_back(design);
    return designs;
}

std::vector<double> scaled_point(double avg_cost, double error, const HypervolumeAxes& axes) {
    const double x = std::log(avg_cost / axes.min_cost) / std::log(axes.max_cost / axes.min_cost);
    return {std::max(x, 0.0), error / axes.max_error};
}

std::vector<std::vector<double>> scaled_front(std::span<const study::Evaluation> archive, const study::Limits& limits,
                                              const HypervolumeAxes& axes) {
    std::vector<std::vector<double>> points;
    for (const Design& design : admissible_front(archive, limits, axes.unit)) {
        const auto& point = point_of(archive, design);
        points.push_back(scaled_point(cost_of(archive, design, axes.unit), 1 - point.accuracy, axes));
    }
    return points;
}

double hypervolume(std::span<const study::Evaluation> archive, const study::Limits& limits, const HypervolumeAxes& axes) {
    return optimize::hypervolume_2d(scaled_front(archive, limits, axes), {1, 1});
}

}  // namespace nachos::search
