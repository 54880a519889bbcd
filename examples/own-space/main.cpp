// Searches a space that nachos does not know, from C++. Usage: own-space OUT, a folder for the study; afterwards
// `nachos pareto OUT` and `nachos report OUT` show it like any other.

#include "separable_space.h"
#include "stand_in.h"

#include "core/error.h"
#include "cost/cost.h"
#include "policy/confidence.h"
#include "policy/thresholds.h"
#include "report/html.h"
#include "search/archive.h"
#include "search/engine.h"
#include "study/store.h"

#include <fmt/format.h>

#include <cstdio>

namespace arch = nachos::arch;
namespace policy = nachos::policy;
namespace search = nachos::search;
namespace study = nachos::study;

namespace {

constexpr const char* kMeasure = "max_prob";

study::ArchCosts costs_of(const arch::SearchSpace& space, const arch::ArchSpec& spec) {
    const nachos::cost::Costs c = nachos::cost::costs_of(space.build(spec));
    return {c.backbone_macs, c.head_macs, c.executed_macs, c.paper_macs, c.params, c.peak_activation_bytes};
}

/// One candidate: its costs, what its exits say of the validation samples, and from that the best thresholds for each
/// budget.
study::Evaluation evaluate(const arch::SearchSpace& space, const arch::ArchSpec& spec, const std::vector<double>& budgets) {
    study::Evaluation evaluation;
    evaluation.arch = spec;
    evaluation.fidelity = "inherit";
    evaluation.costs = costs_of(space, spec);
    const policy::RecordedTable table = made_up_table(evaluation.costs, space.task().classes);
    const std::vector<double> macs(evaluation.costs.executed_macs.begin(), evaluation.costs.executed_macs.end());
    for (const auto& [index, point] : policy::cross_fitted_curve(policy::view(table, policy::measure_from(kMeasure), {}),
                                                                 macs, budgets, {.grid = 1 << 14, .refine = false}))
        evaluation.curve.push_back({index, budgets[static_cast<std::size_t>(index)], point.avg_cost, point});
    return evaluation;
}

void run(const std::string& folder) {
    const arch::SearchSpace space(separable_space(), {.resolution = 32, .channels = 3, .classes = 10});
    study::Limits limits;
    limits.max_avg_macs = 1e6;
    limits.min_accuracy = 0.6;
    const auto costs = [&](const arch::ArchSpec& spec) { return costs_of(space, spec); };
    const search::HypervolumeAxes axes = search::axes_of(space, limits, costs);
    const std::vector<double> budgets = search::budget_grid(axes);

    auto stored = study::Study::create_or_resume(folder, "example = \"own-space\"\n");
    study::Facts facts;
    facts.data = "made-up samples";
    for (int k = 0; k < space.task().classes; ++k) facts.class_names.push_back(fmt::format("class {}", k));
    facts.validation_images = 1000;
    facts.measure = kMeasure;
    facts.limits = limits;
    facts.min_cost = axes.min_cost;
    facts.max_cost = axes.max_cost;
    facts.max_error = axes.max_error;
    stored.put_facts(facts);

    const search::SearchProblem problem{.space = space,
                                        .limits = limits,
                                        .budgets = budgets,
                                        .evaluate =
                                            [&](std::span<const arch::ArchSpec> specs) {
                                                std::vector<study::Evaluation> batch;
                                                std::vector<std::string> keys;
                                                for (const arch::ArchSpec& spec : specs) {
                                                    batch.push_back(evaluate(space, spec, budgets));
                                                    keys.push_back(arch::arch_id(spec));
                                                }
                                                stored.append(keys, batch);
                                                return batch;
                                            },
                                        .costs = costs};
    const auto tell = [&](const search::SearchStep& step) {
        stored.put_history({.evaluations = step.evaluations,
                            .hypervolume = step.hypervolume,
                            .feasible_share = step.feasible_share,
                            .seconds = step.seconds});
    };
    const search::SearchResult result = search::engine_named("nachos").run(
        problem, {.evaluations = 60, .initial = 20, .surrogate = "rbf"}, nachos::core::Rng(1), tell);
    nachos::report::write_reports(stored);

    for (const search::Design& design : search::admissible_front(result.archive, limits)) {
        const study::Evaluation& e = result.archive[static_cast<std::size_t>(design.evaluation)];
        const policy::OperatingPoint& point = e.curve[static_cast<std::size_t>(design.point)].point;
        fmt::print("{}  {:.1f} %  {:.0f} MACs on average, {} early exits\n", arch::arch_id(e.arch), 100 * point.accuracy,
                   point.avg_cost, e.arch.placed_exits());
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: own-space OUT\n", stderr);
        return 2;
    }
    try {
        run(argv[1]);
        return 0;
    } catch (const nachos::Error& error) {
        fmt::print(stderr, "own-space: {}\n", error.what());
        return error.exit_code();
    } catch (const std::exception& error) {
        fmt::print(stderr, "own-space: {}\n", error.what());
        return 1;
    }
}
