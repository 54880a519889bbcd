#pragma once

#include "policy/confidence.h"

#include <optional>
#include <span>
#include <vector>

namespace nachos::policy {

/// One threshold an early exit (E - 1), nothing = exit off. A sample leaves at the first i < E with confidence >= threshold.
using Thresholds = std::vector<std::optional<double>>;

/// What thresholds do on a view: a point of a design's curve.
struct OperatingPoint {
    Thresholds thresholds;
    double accuracy = 0;             ///< in [0, 1]
    double min_class_accuracy = 0;   ///< of the worst class present
    double avg_cost = 0;             ///< (1/N) sum of cost(exit taken)
    double avg_cost_upper = 0;       ///< upper 95 % confidence bound of that mean (one-sided, normal)
    double p95_cost = 0;             ///< the smallest cost that at least 95 % of the samples do not exceed
    double worst_cost = 0;           ///< cost of the last exit that thresholds leave reachable: cost(E) unless one is <= 0
    std::vector<double> exit_share;  ///< (E), sums to 1
};

/// Runs the policy over the view. `cost` (E) is the executed cost, positive and not falling. O(N E). Throws Error(bad_data)
/// if sizes do not fit, a cost is not as said, or a confidence is not finite.
OperatingPoint apply(const ExitView& view, const Thresholds& thresholds, std::span<const double> cost);

/// The same point of a view of so many samples with its costs in another unit: averages, bound, 95 % and worst by the exits
/// that its samples take.
OperatingPoint in_costs(OperatingPoint point, int samples, std::span<const double> cost);

/// Index of the exit one sample takes.
int exit_taken(const ExitView& view, int sample, const Thresholds& thresholds);

/// Each threshold moved to the middle between the confidences of the view on either side of it. No sample of the view
/// decides otherwise, and none lies on a threshold any more, where rounding in another program would decide. O(N E).
Thresholds centred(Thresholds thresholds, const ExitView& view);

struct TuneOptions {
    std::int64_t grid = std::int64_t{1} << 22;  ///< most vectors of the product grid (method 5); 16 bytes of memory each
    bool refine =
        true;  ///< move thresholds off the grid in the end; a search that looks at thousands of tables can do without
};

/// A vector of the grid that no other one beats in both accuracy and average cost.
struct FrontPoint {
    Thresholds thresholds;
    double accuracy = 0;
    double avg_cost = 0;
    std::vector<double> exit_share;  ///< (E), sums to 1
};

/// The Pareto front of (accuracy, average cost) over threshold vectors (method 5), cheapest first. Candidates of each early
/// exit: all distinct confidences and "off" where their product is within the grid, else up to 512 quantiles and "off". Each
/// sample falls into one cell of the product grid, and prefix sums over the cells give accuracy and cost of every vector:
/// O(N E + grid * E). With quantiles, each threshold of each front point is then moved over all values between the
/// candidates beside it. Of several vectors with equal figures one is kept. Figures equal apply()'s, bit for bit; throws as
/// apply() does.
std::vector<FrontPoint> threshold_front(const ExitView& view, std::span<const double> cost, const TuneOptions& options = {});

/// The most accurate front point whose average cost, at its upper 95 % bound if `use_bound`, is at most `max_avg_cost`;
/// nothing if even the cheapest is above. Ties go to the cheaper one.
std::optional<FrontPoint> best_within(const ExitView& view, std::span<const double> cost,
                                      const std::vector<FrontPoint>& front, double max_avg_cost, bool use_bound);

/// Cross-fitted points (method 5): for each budget, thresholds fitted on half A score half B and the reverse; the two halves
/// are pooled, so that every figure comes from all samples, none scored by thresholds it helped to fit. Samples alternate
/// between halves within each class. Fitting keeps the upper 95 % bound of the average cost within the budget. The reported
/// thresholds are those fitted on all of the view, centred(). Left out are budgets that one of the three fits cannot meet,
/// and points that another point of the curve dominates or repeats; `budget_index` says which budget a point belongs to.
struct BudgetPoint {
    int budget_index = 0;
    OperatingPoint point;  ///< thresholds: fitted on all; figures: cross-fitted
};
std::vector<BudgetPoint> cross_fitted_curve(const ExitView& view, std::span<const double> cost,
                                            std::span<const double> budgets, const TuneOptions& options = {});

}  // namespace nachos::policy
