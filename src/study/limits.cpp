#include "study/evaluation.h"

#include <cmath>
#include <numeric>

namespace nachos::study {
namespace {

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
    v.field({.key = "min_accuracy", .help = "least share of samples classified rightly", .min = 0, .max = 1}, min_accuracy);
    v.field({.key = "min_class_accuracy", .help = "least accuracy of the worst class", .min = 0, .max = 1},
            min_class_accuracy);
}

std::vector<Violation> violations(const Limits& limits, const ArchCosts& costs) {
    std::vector<Violation> broken = structural(limits, costs);
    const auto least = static_cast<double>(costs.executed_macs.front());
    at_most(broken, "max_avg_macs", least, limits.max_avg_macs);
    at_most(broken, "max_p95_macs", least, limits.max_p95_macs);
    return broken;
}

std::vector<Violation> violations(const Limits& limits, const ArchCosts& costs, const policy::OperatingPoint& point) {
    std::vector<Violation> broken = structural(limits, costs);
    at_most(broken, "max_avg_macs", point.avg_cost, limits.max_avg_macs);
    at_most(broken, "max_p95_macs", point.p95_cost, limits.max_p95_macs);
    at_least(broken, "min_accuracy", point.accuracy, limits.min_accuracy);
    at_least(broken, "min_class_accuracy", point.min_class_accuracy, limits.min_class_accuracy);
    return broken;
}

double total_violation(const std::vector<Violation>& violations) {
    return std::accumulate(violations.begin(), violations.end(), 0.0,
                           [](double sum, const Violation& v) { return sum + v.relative; });
}

}  // namespace nachos::study
