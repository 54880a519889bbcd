#pragma once

#include "core/stats.h"
#include "policy/thresholds.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace nachos::policy {

/// Limits on what thresholds do on a view; nothing = no limit.
struct ThresholdLimits {
    std::optional<double> max_avg_cost = {};        ///< above 0, in the unit of the costs
    std::optional<double> max_p95_cost = {};        ///< above 0, the same unit
    std::optional<double> min_accuracy = {};        ///< in [0, 1]
    std::optional<double> min_class_accuracy = {};  ///< of the worst class present, in [0, 1]
    /// Confidence in [0.5, 1) of the one-sided upper bound (normal) of the mean cost that has to meet max_avg_cost; nothing
    /// = the mean on the view itself meets it.
    std::optional<double> confidence = {};
};

/// Throws Error(usage) if a limit is out of range.
void check(const ThresholdLimits& limits);

struct BrokenLimit {
    std::string limit;  ///< e.g. "max_avg_cost"
    double got = 0;     ///< of max_avg_cost with a confidence: the bound
    double allowed = 0;
};

/// The best threshold vector, or the nearest one if none is admissible.
struct BestVector {
    OperatingPoint point;
    std::vector<BrokenLimit> broken;  ///< empty = admissible
};

struct Tuning {
    std::vector<FrontPoint> front;  ///< as threshold_front() gives it, whatever the limits
    BestVector best;
};

/// The front, and the best vector under the limits (method 5). With an accuracy limit and no cost limit the best is the
/// cheapest admissible one, ties to the more accurate; else the most accurate, ties to the cheaper. If none is admissible it
/// is the one with the least sum over limits of |got - allowed| / allowed. Exact on the product grid (every vector of it is
/// judged), and never below an admissible point of the front (if min_class_accuracy is limited: of its first ones); where
/// the grid holds quantiles the winner's thresholds are then moved off it, one at a time, until none gets better. If
/// min_class_accuracy is limited, above 16 classes the grid is made so much smaller that grid * classes <= 2^26. O(N E) and
/// O(grid * E), with at most grid * classes additions more if it is. Throws as apply() and check() do.
Tuning tune(const ExitView& view, std::span<const double> cost, const ThresholdLimits& limits,
            const TuneOptions& options = {});

/// tune() without the front's refinement.
BestVector best_vector(const ExitView& view, std::span<const double> cost, const ThresholdLimits& limits,
                       TuneOptions options = {});

/// Two-sided 95 % intervals of a point measured on `samples` samples: Wilson's of the accuracy, the normal one of the mean
/// cost.
struct PointIntervals {
    core::Interval accuracy;
    core::Interval avg_cost;
};
PointIntervals intervals95(const OperatingPoint& point, int samples, std::span<const double> cost);

}  // namespace nachos::policy
