#pragma once

#include "arch/search_space.h"
#include "study/evaluation.h"

#include <span>
#include <vector>

namespace nachos::search {

/// The hypervolume's axes (method 6.6), fixed when the study is created: x = log cost from `min_macs` to `max_macs`, y =
/// error from 0 to `max_error`, both scaled to [0, 1]; reference (1, 1).
struct HypervolumeAxes {
    double min_macs = 1;
    double max_macs = 2;
    double max_error = 1;
};
/// `min_macs` is the smallest architecture's cost without exits. A max_avg_macs at or below that (early exits may still meet
/// it) takes half of itself instead, so that budgets stay ascending and positive.
HypervolumeAxes axes_of(const arch::SearchSpace& space, const study::Limits& limits,
                        const std::function<study::ArchCosts(const arch::ArchSpec&)>& costs);

/// Budgets log-spaced from min_macs to max_macs, ascending. The first is above the lower end; the last equals the upper end.
std::vector<double> budget_grid(const HypervolumeAxes& axes, int steps = 16);

/// One point of the front of an archive.
struct Design {
    int evaluation = 0;  ///< index into the archive
    int point = 0;       ///< index into its curve
};

/// The non-dominated admissible points of all curves, by (accuracy, average executed MACs), cheapest first.
std::vector<Design> admissible_front(std::span<const study::Evaluation> archive, const study::Limits& limits);

/// The nearest points when nothing is admissible: at most `count`, least total violation first, one per architecture.
std::vector<Design> nearest_designs(std::span<const study::Evaluation> archive, const study::Limits& limits, int count);

/// A point on the hypervolume's axes: cheaper than the axis counts from its end.
std::vector<double> scaled_point(double avg_macs, double error, const HypervolumeAxes& axes);

/// The admissible front on those axes.
std::vector<std::vector<double>> scaled_front(std::span<const study::Evaluation> archive, const study::Limits& limits,
                                              const HypervolumeAxes& axes);

double hypervolume(std::span<const study::Evaluation> archive, const study::Limits& limits, const HypervolumeAxes& axes);

}  // namespace nachos::search
