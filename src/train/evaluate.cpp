#include "train/evaluate.h"

#include "core/error.h"
#include "cost/cost.h"
#include "policy/published_rule.h"
#include "train/inherit.h"

#include <chrono>
#include <optional>

namespace nachos::train {

namespace {

/// The weights of a candidate that trains for itself.
nn::WeightBank trained_weights(const CandidateContext& context, const arch::ArchSpec& spec, const arch::NetDesc& net) {
    const bool scratch = context.fidelity.weights == study::Fidelity::Weights::scratch;
    nn::WeightBank own = scratch ? context.fresh(spec) : context.bank.slice(net);
    context.train(own, spec, context.fidelity.epochs);
    return own;
}

/// Fills in costs and curve; returns the table.
policy::RecordedTable measure(const CandidateContext& context, const arch::ArchSpec& spec, study::Evaluation& evaluation) {
    const arch::NetDesc net = context.space.build(spec);
    evaluation.costs = costs_of(net, context.latency);
    std::optional<nn::WeightBank> own;
    if (context.fidelity.trains()) own = trained_weights(context, spec, net);
    const nn::WeightBank& bank = own ? *own : context.bank;
    const nn::NetStats stats = batch_statistics(net, bank, context.recalibration.batches);
    policy::RecordedTable table = record(nn::to_desc(net, bank, stats), context.validation, bank.device());
    evaluation.curve = curve_of(table, evaluation.costs, {}, context.curve);
    return table;
}

}  // namespace

study::ArchCosts costs_of(const arch::NetDesc& net, const cost::LatencyTable* latency) {
    const cost::Costs c = cost::costs_of(net);
    study::ArchCosts costs{c.backbone_macs, c.head_macs, c.executed_macs, c.paper_macs, c.params, c.peak_activation_bytes};
    if (latency != nullptr) costs.latency_us = cost::latency_us(net, *latency);
    return costs;
}

std::vector<study::CurvePoint> curve_of(const policy::RecordedTable& table, const study::ArchCosts& costs,
                                        const policy::Calibration& calibration, const CurveOptions& options) {
    const std::vector<double> executed(costs.executed_macs.begin(), costs.executed_macs.end());
    const policy::ExitView view = policy::view(table, options.measure, calibration);
    std::vector<study::CurvePoint> curve;
    const std::vector<double> fitted = study::exit_costs(costs, options.unit);
    const auto add = [&](int budget_index, policy::OperatingPoint point) {
        double budget = options.budgets[static_cast<std::size_t>(budget_index)];
        if (options.unit != study::CostUnit::macs) {
            point = policy::in_costs(std::move(point), view.samples, executed);
            budget = point.avg_cost_upper;
        }
        double paper = 0;
        for (std::size_t i = 0; i < executed.size(); ++i)
            paper += point.exit_share[i] * static_cast<double>(costs.paper_macs[i]);
        curve.push_back({budget_index, budget, paper, std::move(point)});
    };
    if (options.published_rule) {
        if (auto point = policy::published_rule(view, fitted, options.budgets.back()))
            add(static_cast<int>(options.budgets.size()) - 1, std::move(*point));
        return curve;
    }
    for (policy::BudgetPoint& b : policy::cross_fitted_curve(view, fitted, options.budgets, options.tune))
        add(b.budget_index, std::move(b.point));
    return curve;
}

study::Evaluation evaluate_candidate(const CandidateContext& context, const arch::ArchSpec& spec) {
    const auto start = std::chrono::steady_clock::now();
    study::Evaluation evaluation;
    evaluation.arch = spec;
    evaluation.fidelity = study::text_of(context.fidelity);
    constexpr int kAttempts = 2;
    policy::RecordedTable table;
    for (int attempt = 1; attempt <= kAttempts; ++attempt) {
        try {
            evaluation.error.clear();
            table = measure(context, spec, evaluation);
            break;
        } catch (const Error& e) {
            if (e.kind() == ErrorKind::stopped) throw;
            evaluation.error = e.what();
            break;  // ours say what is wrong with the candidate: it would be again
        } catch (const std::exception& e) {
            evaluation.error = e.what();  // memory, or what libraries throw: another attempt may help
        }
    }
    if (!evaluation.ok()) evaluation.curve.clear();
    if (evaluation.ok() && context.store_table) evaluation.table_file = context.store_table(spec, table);
    evaluation.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return evaluation;
}

}  // namespace nachos::train
