#include "search/learnt.h"

#include <fmt/format.h>

#include <algorithm>

namespace nachos::search {
namespace {

constexpr double kSpan = 2;             // of budgets that one architecture for all is suspicious in
constexpr double kWorthAnExit = 0.005;  // accuracy
constexpr double kIgnored = 1.25;       // of the budget

const study::Evaluation* evaluation_of(const arch::ArchSpec& arch, std::span<const study::Evaluation> archive) {
    const auto at = std::find_if(archive.begin(), archive.end(), [&](const auto& e) { return e.arch == arch; });
    return at == archive.end() ? nullptr : &*at;
}

/// The most accurate point within the budget, of all evaluations for which `wanted` holds.
template <class F>
double best_accuracy(std::span<const study::Evaluation> archive, double budget, F&& wanted) {
    double best = 0;
    for (const study::Evaluation& e : archive) {
        if (!wanted(e)) continue;
        for (const study::CurvePoint& p : e.curve)
            if (p.point.avg_cost <= budget) best = std::max(best, p.point.accuracy);
    }
    return best;
}

bool exits_would_pay(std::span<const LearntDesign> designs, std::span<const study::Evaluation> archive) {
    const auto placed = [](const arch::ArchSpec& arch) { return arch.placed_exits() > 0; };
    if (std::any_of(designs.begin(), designs.end(), [&](const LearntDesign& d) { return placed(d.arch); })) return false;
    return std::any_of(designs.begin(), designs.end(), [&](const LearntDesign& d) {
        const double with = best_accuracy(archive, d.budget_macs, [&](const auto& e) { return placed(e.arch); });
        const double without = best_accuracy(archive, d.budget_macs, [&](const auto& e) { return !placed(e.arch); });
        return with > without + kWorthAnExit;
    });
}

}  // namespace

void fill_tuned(std::vector<LearntDesign>& designs, std::span<const study::Evaluation> archive,
                const std::vector<double>& budgets) {
    for (LearntDesign& design : designs) {
        const study::Evaluation* evaluation = evaluation_of(design.arch, archive);
        if (evaluation == nullptr || !evaluation->ok()) continue;
        design.worst_macs = static_cast<double>(evaluation->costs.executed_macs.back());
        for (const study::CurvePoint& p : evaluation->curve) {
            if (budgets[static_cast<std::size_t>(p.budget_index)] > design.budget_macs) continue;
            design.tuned_macs = p.point.avg_cost;
            design.accuracy = p.point.accuracy;
        }
    }
}

std::optional<std::string> collapse_of(std::span<const LearntDesign> designs, std::span<const study::Evaluation> archive) {
    if (designs.size() < 2) return {};
    const auto same = [&](const LearntDesign& d) { return d.arch == designs.front().arch; };
    if (designs.back().budget_macs >= kSpan * designs.front().budget_macs &&
        std::all_of(designs.begin(), designs.end(), same))
        return fmt::format("all {} budgets have the same architecture {}", designs.size(), arch::arch_id(designs[0].arch));
    if (exits_would_pay(designs, archive)) return "no design has an exit, though exits pay";
    int counted = 0, ignored = 0;
    for (const LearntDesign& d : designs) {
        if (!d.expected_macs || best_accuracy(archive, d.budget_macs, [](const auto&) { return true; }) == 0) continue;
        ++counted;
        ignored += *d.expected_macs > kIgnored * d.budget_macs ? 1 : 0;
    }
    if (2 * ignored > counted)
        return fmt::format("{} of {} designs are expected to cost a quarter more than their budget, or worse", ignored,
                           counted);
    return {};
}

}  // namespace nachos::search
