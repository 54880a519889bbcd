#pragma once

#include "cost/cost.h"
#include "search/archive.h"
#include "search/engine.h"

#include <cmath>
#include <set>
#include <string>

namespace nachos::search {

inline study::ArchCosts exact_costs(const arch::SearchSpace& space, const arch::ArchSpec& spec) {
    const cost::Costs c = cost::costs_of(space.build(spec));
    study::ArchCosts costs{c.backbone_macs, c.head_macs, c.executed_macs, c.paper_macs, c.params, c.peak_activation_bytes};
    // A made-up machine on which a layer costs something beside its work, so that latency ranks otherwise than MACs.
    const double layers = static_cast<double>(spec.kernel.size());
    for (std::size_t e = 0; e < c.executed_macs.size(); ++e)
        costs.latency_us.push_back(1e-4 * static_cast<double>(c.executed_macs[e]) + 8 * layers +
                                   5 * static_cast<double>(e + 1));
    return costs;
}

/// Accuracy of exit `exit` of a made-up network: grows with the logarithm of the work behind it, less so with each stage's
/// distance from a balance of depth and width, so that large is not simply good and genes depend on each other.
inline double fake_accuracy(const arch::ArchSpec& spec, const study::ArchCosts& costs, std::size_t exit) {
    const double work = std::log(static_cast<double>(costs.backbone_macs[exit] + costs.head_macs[exit]));
    double waste = 0;
    for (std::size_t s = 0; s < spec.depth.size(); ++s)
        waste += std::abs(spec.depth[s] - 1.0 - 0.5 * static_cast<double>(s)) * 0.02;
    for (std::size_t b = 0; b < spec.kernel.size(); ++b) {
        waste += spec.kernel[b] == (b % 2 == 0 ? 5 : 3) ? 0 : 0.01;
        waste += spec.expand[b] == 3 ? 0 : 0.01;
    }
    return 1 / (1 + std::exp(-(0.6 * (work - 13) - 8 * waste)));
}

/// A curve that mixes neighbouring exits in the share that fits each budget.
inline study::Evaluation fake_evaluation(const arch::SearchSpace& space, const arch::ArchSpec& spec,
                                         const std::vector<double>& budgets, study::CostUnit unit = study::CostUnit::macs) {
    study::Evaluation e{
        .arch = spec, .fidelity = "inherit", .error = {}, .costs = exact_costs(space, spec), .curve = {}, .table_file = {}};
    const std::vector<double> costs = study::exit_costs(e.costs, unit);
    double best = -1;
    for (std::size_t b = 0; b < budgets.size(); ++b) {
        study::CurvePoint p;
        p.budget_index = static_cast<int>(b);
        p.budget_macs = budgets[b];
        p.point.accuracy = -1;
        for (std::size_t i = 0; i < e.costs.executed_macs.size(); ++i) {
            const double own = costs[i], first = costs[0];
            const double share = i == 0 ? 1 : std::min(1.0, (budgets[b] - first) / (own - first));
            if (share <= 0 || first > budgets[b]) continue;
            const double easy = fake_accuracy(spec, e.costs, 0);
            const double accuracy = easy + (fake_accuracy(spec, e.costs, i) - easy) * std::sqrt(share);
            if (accuracy <= p.point.accuracy) continue;
            p.point.accuracy = accuracy;
            p.point.exit_share.assign(e.costs.executed_macs.size(), 0);
            p.point.exit_share[0] = 1 - share;
            p.point.exit_share[i] += share;
            const auto least = static_cast<double>(e.costs.executed_macs[0]),
                       most = static_cast<double>(e.costs.executed_macs[i]);
            p.point.avg_cost = i == 0 ? least : least + share * (most - least);
            p.point.p95_cost = most;
        }
        p.point.min_class_accuracy = 0.9 * p.point.accuracy;
        p.point.worst_cost = static_cast<double>(e.costs.executed_macs.back());
        if (p.point.accuracy <= best) continue;
        best = p.point.accuracy;
        e.curve.push_back(p);
    }
    return e;
}

/// A problem with a fake evaluator that remembers what it was asked.
struct FakeTask {
    arch::SearchSpace space;
    std::vector<arch::ArchSpec> asked;
    std::vector<std::size_t> batches;
    std::set<std::string> failing;  ///< ids of architectures whose evaluation fails

    explicit FakeTask(arch::SearchSpace s) : space(std::move(s)) {}

    SearchProblem problem(const study::Limits& limits = {}, study::CostUnit unit = study::CostUnit::macs) {
        const auto costs = [this](const arch::ArchSpec& spec) { return exact_costs(space, spec); };
        const auto budgets = budget_grid(axes_of(space, limits, costs, unit));
        const auto evaluate = [this, budgets, unit](std::span<const arch::ArchSpec> specs) {
            std::vector<study::Evaluation> answers;
            for (const arch::ArchSpec& spec : specs) {
                answers.push_back(fake_evaluation(space, spec, budgets, unit));
                if (!failing.contains(arch::arch_id(spec))) continue;
                answers.back().error = "made to fail";
                answers.back().curve.clear();
            }
            asked.insert(asked.end(), specs.begin(), specs.end());
            batches.push_back(specs.size());
            return answers;
        };
        return {.space = space, .limits = limits, .budgets = budgets, .evaluate = evaluate, .costs = costs, .unit = unit};
    }
};

inline FakeTask wide_task() { return FakeTask(arch::make_space({}, {.resolution = 32, .channels = 3, .classes = 10})); }

}  // namespace nachos::search
