#pragma once

#include "arch/arch_spec.h"
#include "core/options.h"
#include "policy/thresholds.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace nachos::study {

/// Limits of method 2; nothing = no limit. Configuration group [limits].
struct Limits {
    std::optional<double> max_avg_macs;
    std::optional<double> max_p95_macs;
    std::optional<double> max_worst_macs;
    std::optional<double> max_params;
    std::optional<double> max_peak_activation_bytes;
    std::optional<double> max_avg_latency_us;  ///< needs a latency table
    std::optional<double> min_accuracy;        ///< in [0, 1]
    std::optional<double> min_class_accuracy;  ///< of the worst class, in [0, 1]

    void describe(core::OptionVisitor& v);
};

/// What is traded against error: the average over samples of multiply-accumulates, or of microseconds by a latency table.
enum class CostUnit { macs, latency_us };
/// Of search.cost: "macs" or "latency". Throws Error(bad_data) naming `where`.
CostUnit cost_unit_from(const std::string& name, const std::string& where);

/// Figures of an architecture that need no data: cost::Costs as the study stores them.
struct ArchCosts {
    std::vector<std::int64_t> backbone_macs;  ///< per exit, the final one last
    std::vector<std::int64_t> head_macs;
    std::vector<std::int64_t> executed_macs;
    std::vector<std::int64_t> paper_macs;
    std::int64_t params = 0;
    std::int64_t peak_activation_bytes = 0;
    std::vector<double> latency_us = {};           ///< per exit, from the study's latency table; empty without one
    std::vector<double> measured_latency_us = {};  ///< per exit, of a trained network on this machine; empty = not measured
};

/// A design = (architecture, operating point): one point of a curve.
struct CurvePoint {
    int budget_index = 0;       ///< which budget of the study's grid its thresholds were fitted for
    double budget_macs = 0;     ///< that average; where latency is the cost: the upper bound of the average MACs they gave
    double avg_macs_paper = 0;  ///< paper accounting, beside point.avg_cost
    policy::OperatingPoint point;  ///< costs in executed MACs
};

/// What one evaluation of one architecture yields.
struct Evaluation {
    arch::ArchSpec arch;
    std::string fidelity;  ///< "inherit", "finetune:E", "scratch:E"
    std::string error;     ///< empty = it worked; else the reason, and there is no curve
    ArchCosts costs;
    std::vector<CurvePoint> curve;
    std::string table_file;  ///< recorded table, relative to the study's folder
    double seconds = 0;      ///< what it took; never part of a result

    bool ok() const { return error.empty(); }
};

/// The seam between search and training (batch only): as many evaluations as architectures, in their order. A candidate that
/// fails gives an Evaluation with its error, and shifts nobody else's result.
using Evaluator = std::function<std::vector<Evaluation>(std::span<const arch::ArchSpec>)>;

/// One limit that a figure breaks.
struct Violation {
    std::string limit;  ///< key, e.g. "max_avg_macs"
    double got = 0;
    double allowed = 0;
    double relative = 0;  ///< |got - allowed| / |allowed|
};

/// Mean of an inference at that point: the sum over exits of the share that leaves there times `latency_us` (E) of it.
/// Infinite if there are not as many latencies as exits, which meets no limit.
double avg_latency_us(std::span<const double> latency_us, const policy::OperatingPoint& point);

/// What a sample costs that leaves at each exit, the final one last. Latencies are empty without a table.
std::vector<double> exit_costs(const ArchCosts& costs, CostUnit unit);

/// Average of an inference at that point.
double average_cost(const ArchCosts& costs, const policy::OperatingPoint& point, CostUnit unit);

/// Limits that need no data (worst, params, peak, and an average or 95 % cost that no thresholds can bring below the limit),
/// checked before anything is trained.
std::vector<Violation> violations(const Limits& limits, const ArchCosts& costs);

/// All limits, of one point of the curve. `avg_latency`, if given, takes the place of what the exit shares say.
std::vector<Violation> violations(const Limits& limits, const ArchCosts& costs, const policy::OperatingPoint& point,
                                  std::optional<double> avg_latency = {});

double total_violation(const std::vector<Violation>& violations);  ///< sum of `relative`

}  // namespace nachos::study
