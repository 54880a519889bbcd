#include "study/evaluation.h"

#include "core/error.h"

#include <cmath>
#include <limits>
#include <numeric>

namespace nachos::study {
namespace {

constexpr double kUnknownLatency = std::numeric_limits<double>::infinity();

void add(std::vector<Violation>& broken, const char* limit, double got, double allowed) {
    const double gap = std::abs(got - allowed);
    broken.push_back({limit, got, allowed, allowed == 0 ? gap : gap / std::abs(allowed)});
}

void at_most(std::vector<Violation>& broken, const char* limit, double got, const std::optional<double>& allowed) {
    if (allowed && !(got <= *allowed)) add(broken, limit, got, *allowed);
}

void at_least(std::vector<Violation>& broken, const char* limit, double got, const std::optional<double>& allowed) {
    if (allowed && !(got >= *allowed)) add(broken, limit, got, *allowed);
}

std::vector<Violation> structural(const Limits& limits, const ArchCosts& costs) {
    std::vector<Violation> broken;
    at_most(broken, "max_worst_macs", static_cast<double>(costs.executed_macs.back()), limits.max_worst_macs);
    at_most(broken, "max_params", static_cast<double>(costs.params), limits.max_params);
    at_most(broken, "max_peak_activation_bytes", static_cast<double>(costs.peak_activation_bytes),
            limits.max_peak_activation_bytes);
    return broken;
}

}  // namespace

void Limits::describe(core::OptionVisitor& v) {
    v.field(
        {.key = "max_avg_macs", .help = "most multiply-accumulate operations of an inference, mean over samples", .min = 1},
        max_avg_macs);
    v.field({.key = "max_p95_macs", .help = "most MACs that 95 % of the samples may reach", .min = 1}, max_p95_macs);
    v.field({.key = "max_worst_macs", .help = "most MACs of a sample that takes the last exit", .min = 1}, max_worst_macs);
    v.field({.key = "max_params", .help = "most weights and biases, batch normalisation folded", .min = 1}, max_params);
    v.field(
        {.key = "max_peak_activation_bytes", .help = "most bytes of float32 activations alive at once, batch 1", .min = 1},
        max_peak_activation_bytes);
    v.field({.key = "max_avg_latency_us",
             .help = "most microseconds of an inference, mean over samples, by the latency table (latency.table)",
             .min = 1e-3},
            max_avg_latency_us);
    v.field({.key = "min_accuracy", .help = "least share of samples classified rightly", .min = 0, .max = 1}, min_accuracy);
    v.field({.key = "min_class_accuracy", .help = "least accuracy of the worst class", .min = 0, .max = 1},
            min_class_accuracy);
}

double avg_latency_us(std::span<const double> latency_us, const policy::OperatingPoint& point) {
    if (latency_us.empty() || latency_us.size() != point.exit_share.size()) return kUnknownLatency;
    return std::inner_product(latency_us.begin(), latency_us.end(), point.exit_share.begin(), 0.0);
}

CostUnit cost_unit_from(const std::string& name, const std::string& where) {
    require(name == "macs" || name == "latency", ErrorKind::bad_data, "{}: cost is '{}', known are macs, latency", where,
            name);
    return name == "macs" ? CostUnit::macs : CostUnit::latency_us;
}

std::vector<double> exit_costs(const ArchCosts& costs, CostUnit unit) {
    if (unit == CostUnit::latency_us) return costs.latency_us;
    return {costs.executed_macs.begin(), costs.executed_macs.end()};
}

double average_cost(const ArchCosts& costs, const policy::OperatingPoint& point, CostUnit unit) {
    return unit == CostUnit::macs ? point.avg_cost : avg_latency_us(costs.latency_us, point);
}

std::vector<Violation> violations(const Limits& limits, const ArchCosts& costs) {
    std::vector<Violation> broken = structural(limits, costs);
    const auto least = static_cast<double>(costs.executed_macs.front());
    at_most(broken, "max_avg_macs", least, limits.max_avg_macs);
    at_most(broken, "max_p95_macs", least, limits.max_p95_macs);
    at_most(broken, "max_avg_latency_us", costs.latency_us.empty() ? kUnknownLatency : costs.latency_us.front(),
            limits.max_avg_latency_us);
    return broken;
}

std::vector<Violation> violations(const Limits& limits, const ArchCosts& costs, const policy::OperatingPoint& point,
                                  std::optional<double> avg_latency) {
    std::vector<Violation> broken = structural(limits, costs);
    at_most(broken, "max_avg_macs", point.avg_cost, limits.max_avg_macs);
    at_most(broken, "max_p95_macs", point.p95_cost, limits.max_p95_macs);
    at_most(broken, "max_avg_latency_us", avg_latency ? *avg_latency : avg_latency_us(costs.latency_us, point),
            limits.max_avg_latency_us);
    at_least(broken, "min_accuracy", point.accuracy, limits.min_accuracy);
    at_least(broken, "min_class_accuracy", point.min_class_accuracy, limits.min_class_accuracy);
    return broken;
}

double total_violation(const std::vector<Violation>& violations) {
    return std::accumulate(violations.begin(), violations.end(), 0.0,
                           [](double sum, const Violation& v) { return sum + v.relative; });
}

}  // namespace nachos::study
