#include "report/comparison.h"

#include "report/number_text.h"
#include "report/text_table.h"
#include "search/finalists.h"

#include <fmt/format.h>

#include <cmath>

namespace nachos::report {
namespace {

const policy::OperatingPoint& shown(const study::TrainedPoint& point) {
    return point.test ? *point.test : point.calibration;
}

/// The kind of comparator a trained network is: its name begins with that of a row.
const search::ComparatorRow* row_of(const study::TrainedModel& model) {
    for (const search::ComparatorRow& row : search::comparator_rows())
        if (model.comparator && model.name.starts_with(std::string(row.name) + "-")) return &row;
    return nullptr;
}

ComparisonRow figures(const study::TrainedModel& model, const study::TrainedPoint& point) {
    ComparisonRow row;
    row.arch_id = arch::arch_id(model.arch);
    row.calibration_accuracy = point.calibration.accuracy;
    if (point.test) row.test_accuracy = point.test->accuracy;
    row.avg_macs = shown(point).avg_cost;
    row.worst_macs = shown(point).worst_cost;
    row.params = model.costs.params;
    return row;
}

/// The trained network and point that a design's row stands for.
struct Found {
    const study::TrainedModel* model = nullptr;
    const study::TrainedPoint* point = nullptr;
};

Found find(const Snapshot& snapshot, const DesignRow& design) {
    for (const study::TrainedModel& model : snapshot.models) {
        if (model.comparator || model.model_file != design.model_file) continue;
        for (const study::TrainedPoint& point : model.points)
            if (point.calibration.avg_cost == design.point.avg_cost) return {&model, &point};
    }
    return {};
}

ExitSaving saving_on(const Snapshot& snapshot, const study::TrainedModel& plain) {
    const study::TrainedPoint& whole = plain.points.back();
    ExitSaving saving{.plain_macs = shown(whole).avg_cost,
                      .plain_accuracy = shown(whole).accuracy,
                      .plain_arch_id = arch::arch_id(plain.arch)};
    double cheapest = INFINITY;
    for (const study::TrainedModel& model : snapshot.models) {
        if (model.comparator || !(arch::without_exits(model.arch) == plain.arch)) continue;
        for (const study::TrainedPoint& point : model.points) {
            if (point.calibration.accuracy < whole.calibration.accuracy - kAccuracyGiven) continue;
            if (point.calibration.avg_cost >= cheapest) continue;
            cheapest = point.calibration.avg_cost;
            saving.design = fmt::format("{}-{:02}", model.name, point.budget_index);
            saving.avg_macs = shown(point).avg_cost;
            saving.accuracy = shown(point).accuracy;
        }
    }
    return saving;
}

}  // namespace

Comparison comparison(const Snapshot& snapshot, const Results& results) {
    Comparison comparison;
    if (results.designs.empty()) return comparison;
    const DesignRow& best = results.designs.back();
    const Found found = find(snapshot, best);
    if (found.point == nullptr) return comparison;
    for (const study::TrainedModel& model : snapshot.models) {
        const search::ComparatorRow* kind = row_of(model);
        if (kind == nullptr || model.points.empty()) continue;
        ComparisonRow row = figures(model, model.points.back());
        row.name = kind->name;
        row.summary = kind->summary;
        comparison.rows.push_back(std::move(row));
        if (kind == &search::comparator_rows().front() && !comparison.saving) comparison.saving = saving_on(snapshot, model);
    }
    if (comparison.rows.empty()) return comparison;
    ComparisonRow own = figures(*found.model, *found.point);
    own.name = best.id;
    own.summary = "the best design";
    comparison.rows.insert(comparison.rows.begin(), std::move(own));
    return comparison;
}

std::string comparison_table(const Comparison& comparison) {
    TextTable table{.head = {"compared with", "calibr.", "test", "avg MACs", "worst", "params", "what it is"},
                    .text_columns = 1};
    for (const ComparisonRow& row : comparison.rows)
        table.rows.push_back({row.name, percent_text(row.calibration_accuracy), percent_text(row.test_accuracy),
                              count_text(row.avg_macs), count_text(row.worst_macs),
                              count_text(static_cast<double>(row.params)), row.summary});
    return aligned(table);
}

std::string saving_text(const ExitSaving& s) {
    if (s.design.empty())
        return fmt::format(
            "Early exits do not pay here: no operating point comes within {:.1f} points of the same network "
            "without exits ({} at {} MACs).",
            100 * kAccuracyGiven, percent_text(s.plain_accuracy), count_text(s.plain_macs));
    const double saved = 1 - s.avg_macs / s.plain_macs, points = 100 * (s.plain_accuracy - s.accuracy);
    if (saved <= 0)
        return fmt::format("Early exits do not pay here: {} spends {} MACs on average, the same network without exits {}.",
                           s.design, count_text(s.avg_macs), count_text(s.plain_macs));
    return fmt::format(
        "Early exits save {} of the average MACs of the same network without exits, at {:.2f} points {} "
        "accuracy ({}: {} at {} MACs; without exits: {} at {}).",
        percent_text(saved, 1), std::abs(points), points >= 0 ? "less" : "more", s.design, percent_text(s.accuracy),
        count_text(s.avg_macs), percent_text(s.plain_accuracy), count_text(s.plain_macs));
}

}  // namespace nachos::report
