#include "report/ablation.h"

#include "core/error.h"
#include "policy/calibrate.h"
#include "policy/thresholds.h"

#include <algorithm>

namespace nachos::report {
namespace {

using policy::Measure;

std::vector<double> executed(const study::ArchCosts& costs) {
    return {costs.executed_macs.begin(), costs.executed_macs.end()};
}

/// A threshold vector fitted on calibration, and what it does on the test split.
struct FittedPoint {
    double fitted_accuracy = 0;
    study::CurvePoint test;
};

std::vector<FittedPoint> fitted_curve(const MeasuredNetwork& network, Measure measure, const std::vector<double>& budgets) {
    const policy::Calibration calibration = policy::calibrate(network.calibration);
    const policy::ExitView fit = policy::view(network.calibration, measure, calibration);
    const policy::ExitView test = policy::view(network.test, measure, calibration);
    const std::vector<double> cost = executed(network.costs);
    std::vector<FittedPoint> curve;
    for (const policy::BudgetPoint& b : policy::cross_fitted_curve(fit, cost, budgets)) {
        const double budget = budgets[static_cast<std::size_t>(b.budget_index)];
        curve.push_back({b.point.accuracy, {b.budget_index, budget, 0, policy::apply(test, b.point.thresholds, cost)}});
    }
    return curve;
}

/// Mean over early exits of the gates' expected calibration error on the test split.
double gate_error(const MeasuredNetwork& network, const policy::Calibration& calibration) {
    const policy::ExitView test = policy::view(network.test, Measure::gate, calibration);
    double sum = 0;
    for (int exit = 0; exit + 1 < test.exits; ++exit) sum += policy::expected_calibration_error(test, exit);
    return sum / (test.exits - 1);
}

policy::OperatingPoint untuned(const MeasuredNetwork& network) {
    const policy::ExitView test = policy::view(network.test, Measure::gate, {});
    return policy::apply(test, policy::Thresholds(static_cast<std::size_t>(test.exits - 1), 0.5), executed(network.costs));
}

/// Hypervolume of all curves; `best`, if given, receives the point most accurate on calibration.
double curves_hypervolume(std::span<const MeasuredNetwork> networks, const AblationSetting& setting, Measure measure,
                          FittedPoint* best = nullptr) {
    std::vector<study::Evaluation> archive;
    for (const MeasuredNetwork& network : networks) {
        study::Evaluation evaluation;
        evaluation.costs = network.costs;
        for (const FittedPoint& p : fitted_curve(network, measure, setting.budgets)) {
            evaluation.curve.push_back(p.test);
            if (best != nullptr && p.fitted_accuracy > best->fitted_accuracy) *best = p;
        }
        archive.push_back(std::move(evaluation));
    }
    return search::hypervolume(archive, setting.limits, setting.axes);
}

}  // namespace

AblationFigures ablation_figures(std::span<const MeasuredNetwork> networks, const AblationSetting& setting) {
    AblationFigures figures;
    FittedPoint best;
    figures.hypervolume = curves_hypervolume(networks, setting, Measure::gate, &best);
    figures.max_prob_hypervolume = curves_hypervolume(networks, setting, Measure::max_prob);
    require(best.fitted_accuracy > 0, ErrorKind::runtime, "no thresholds keep a trained network within {:g} MACs on average",
            setting.budgets.back());
    figures.accuracy = best.test.point.accuracy;
    figures.avg_macs = best.test.point.avg_cost;
    const auto n = static_cast<double>(networks.size());
    for (const MeasuredNetwork& network : networks) {
        figures.gate_error += gate_error(network, {}) / n;
        figures.calibrated_error += gate_error(network, policy::calibrate(network.calibration)) / n;
        const policy::OperatingPoint point = untuned(network);
        figures.untuned_accuracy += point.accuracy / n;
        figures.untuned_avg_macs += point.avg_cost / n;
    }
    return figures;
}

}  // namespace nachos::report
