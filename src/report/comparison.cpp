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

ExitSaving saving_of(const Found& best, const study::TrainedModel& plain) {
    const policy::OperatingPoint &own = shown(*best.point), &whole = shown(plain.points.back());
    return {.design = fmt::format("{}-{:02}", best.model->name, best.point->budget_index),
            .avg_macs = own.avg_cost,
            .plain_macs = whole.avg_cost,
            .accuracy = own.accuracy,
            .plain_accuracy = whole.accuracy};
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
        const bool same_backbone = arch::without_exits(model.arch) == arch::without_exits(found.model->arch);
        if (!same_backbone && kind->name != std::string_view("best-plain")) continue;  // of an earlier best design
        ComparisonRow row = figures(model, model.points.back());
        row.name = kind->name;
        row.summary = kind->summary;
        comparison.rows.push_back(std::move(row));
        if (model.arch.placed_exits() == 0 && same_backbone) comparison.saving = saving_of(found, model);
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
    const std::string figures =
        fmt::format("{}: {} at {} MACs; without exits: {} at {}", s.design, percent_text(s.accuracy), count_text(s.avg_macs),
                    percent_text(s.plain_accuracy), count_text(s.plain_macs));
    const double saved = 1 - s.avg_macs / s.plain_macs, points = 100 * (s.plain_accuracy - s.accuracy);
    if (saved <= 0) return fmt::format("Early exits do not pay here: they save no MACs ({}).", figures);
    return fmt::format(
        "Early exits save {} of the average MACs of the same network without exits, at {:.2f} points {} "
        "accuracy ({}).",
        percent_text(saved, 1), std::abs(points), points >= 0 ? "less" : "more", figures);
}

}  // namespace nachos::report
