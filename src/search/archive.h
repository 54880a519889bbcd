#pragma once

#include "arch/search_space.h"
#include "study/evaluation.h"

#include <span>
#include <vector>

namespace nachos::search {

/// The hypervolume's axes (method 6.6), fixed when the study is created: x = log cost from `min_cost` to `max_cost`, y =
/// error from 0 to `max_error`, both scaled to [0, 1]; reference (1, 1).
struct HypervolumeAxes {
    double min_cost = 1;
    double max_cost = 2;
    double max_error = 1;
    study::CostUnit unit = study::CostUnit::macs;
};
/// `min_cost` is the smallest architecture's cost without exits, `max_cost` the limit on the average. A limit at or below
/// `min_cost` (early exits may still meet it) takes half of itself instead, so that budgets stay ascending and positive.
HypervolumeAxes axes_of(const arch::SearchSpace& space, const study::Limits& limits,
                        const std::function<study::ArchCosts(const arch::ArchSpec&)>& costs,
                        study::CostUnit unit = study::CostUnit::macs);

/// Budgets log-spaced from min_cost to max_cost, ascending. The first is above the lower end; the last equals the upper end.
std::vector<double> budget_grid(const HypervolumeAxes& axes, int steps = 16);

/// One point of the front of an archive.
struct Design {
    int evaluation = 0;  ///< index into the archive
    int point = 0;       ///< index into its curve
};

/// The non-dominated admissible points of all curves, by (accuracy, average cost in that unit), cheapest first.
std::vector<Design> admissible_front(std::span<const study::Evaluation> archive, const study::Limits& limits,
                                     study::CostUnit unit = study::CostUnit::macs);

/// The nearest points when nothing is admissible: at most `count`, least total violation first, one per architecture.
std::vector<Design> nearest_designs(std::span<const study::Evaluation> archive, const study::Limits& limits, int count);

/// A point on the hypervolume's axes: cheaper than the axis counts from its end.
std::vector<double> scaled_point(double avg_cost, double error, const HypervolumeAxes& axes);

/// The admissible front on those axes.
std::vector<std::vector<double>> scaled_front(std::span<const study::Evaluation> archive, const study::Limits& limits,
                                              const HypervolumeAxes& axes);

double hypervolume(std::span<const study::Evaluation> archive, const study::Limits& limits, const HypervolumeAxes& axes);

}  // namespace nachos::search
