#include "train/evaluate.h"

#include "core/error.h"
#include "cost/cost.h"
#include "train/threads.h"

#include <atomic>
#include <chrono>
#include <thread>

namespace nachos::train {

using torch::Tensor;

namespace {

/// A coarser grid than in the end: fitting must not take longer than running the network.
constexpr policy::TuneOptions kSearchTuning{.grid = 1 << 15, .refine = false};

}  // namespace

policy::RecordedTable record(const nn::FoldedNet& net, const PreparedImages& images, int classes) {
    policy::RecordedTable table;
    table.samples = static_cast<int>(images.labels.size());
    table.classes = classes;
    table.labels = images.labels;
    std::size_t row = 0;
    for (const Tensor& batch : images.batches) {
        const nn::Outputs out = net.run(batch);
        table.exits = static_cast<int>(out.logits.size());
        const std::size_t n = static_cast<std::size_t>(batch.size(0)), e = out.logits.size(),
                          k = static_cast<std::size_t>(classes);
        table.logits.resize((row + n) * e * k);
        table.gates.resize((row + n) * e, 0.0F);
        for (std::size_t i = 0; i < e; ++i) {
            const Tensor logits = out.logits[i].cpu().contiguous();
            const Tensor gates = out.gates[i].defined() ? out.gates[i].cpu().contiguous() : Tensor();
            require(torch::isfinite(logits).all().item<bool>(), ErrorKind::runtime,
                    "exit {} gave a logit that is not finite", i);
            for (std::size_t s = 0; s < n; ++s) {
                std::copy_n(logits.data_ptr<float>() + s * k, k,
                            table.logits.begin() + static_cast<std::ptrdiff_t>(((row + s) * e + i) * k));
                if (gates.defined()) table.gates[(row + s) * e + i] = gates.data_ptr<float>()[s];
            }
        }
        row += n;
    }
    return table;
}

study::ArchCosts costs_of(const arch::NetDesc& net) {
    const cost::Costs c = cost::costs_of(net);
    return {c.backbone_macs, c.head_macs, c.executed_macs, c.paper_macs, c.params, c.peak_activation_bytes};
}

std::vector<study::CurvePoint> curve_of(const policy::RecordedTable& table, const study::ArchCosts& costs,
                                        policy::Measure measure, std::span<const double> budgets,
                                        const policy::Calibration& calibration, const policy::TuneOptions& tune) {
    const std::vector<double> executed(costs.executed_macs.begin(), costs.executed_macs.end());
    std::vector<study::CurvePoint> curve;
    for (policy::BudgetPoint& b :
         policy::cross_fitted_curve(policy::view(table, measure, calibration), executed, budgets, tune)) {
        double paper = 0;
        for (std::size_t i = 0; i < executed.size(); ++i)
            paper += b.point.exit_share[i] * static_cast<double>(costs.paper_macs[i]);
        curve.push_back({b.budget_index, budgets[static_cast<std::size_t>(b.budget_index)], paper, std::move(b.point)});
    }
    return curve;
}

study::Evaluation evaluate_inherited(const InheritContext& context, const arch::ArchSpec& spec) {
    const auto start = std::chrono::steady_clock::now();
    study::Evaluation evaluation;
    evaluation.arch = spec;
    evaluation.fidelity = "inherit";
    try {
        const arch::NetDesc net = context.space.build(spec);
        evaluation.costs = costs_of(net);
        const nn::NetStats stats = nn::recalibrate(net, context.bank, context.recalibration.batches);
        const nn::FoldedNet folded(nn::to_desc(net, context.bank, stats), context.bank.device());
        const policy::RecordedTable table = record(folded, context.validation, net.classes);
        evaluation.curve = curve_of(table, evaluation.costs, context.measure, context.budgets, {}, kSearchTuning);
        if (context.store_table) evaluation.table_file = context.store_table(spec, table);
    } catch (const std::exception& e) {
        evaluation.error = e.what();
        evaluation.curve.clear();
    }
    evaluation.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return evaluation;
}

std::vector<study::Evaluation> evaluate_inherited(const InheritContext& context, std::span<const arch::ArchSpec> specs,
                                                  int workers, int threads_per_evaluation) {
    std::vector<study::Evaluation> results(specs.size());
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
        set_own_threads(threads_per_evaluation);
        for (std::size_t i = next++; i < specs.size(); i = next++) results[i] = evaluate_inherited(context, specs[i]);
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < workers; ++i) threads.emplace_back(work);
    for (std::thread& t : threads) t.join();
    return results;
}

}  // namespace nachos::train
