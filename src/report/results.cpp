#include "report/results.h"

#include "report/learnt_designs.h"
#include "report/number_text.h"
#include "study/fidelity.h"

#include <fmt/format.h>

namespace nachos::report {
namespace {

constexpr int kNearestShown = 3;

/// Trained networks as an archive.
std::vector<study::Evaluation> as_archive(const std::vector<study::TrainedModel>& models) {
    std::vector<study::Evaluation> archive;
    for (const auto& model : models) archive.push_back(study::calibrated_evaluation(model));
    return archive;
}

std::vector<study::TrainedModel> trained_designs(const Snapshot& snapshot) {
    std::vector<study::TrainedModel> designs;
    for (const auto& model : snapshot.models)
        if (!model.comparator) designs.push_back(model);
    return designs;
}

DesignRow row_of(const study::Evaluation& evaluation, const study::CurvePoint& point, const study::Limits& limits) {
    DesignRow row;
    row.id = fmt::format("{}-{:02}", arch::arch_id(evaluation.arch), point.budget_index);
    row.arch = evaluation.arch;
    row.point = point.point;
    row.avg_macs_paper = point.avg_macs_paper;
    row.costs = evaluation.costs;
    const auto latency = [&](const std::vector<double>& us) -> std::optional<double> {
        if (us.empty()) return {};
        return study::avg_latency_us(us, point.point);
    };
    row.avg_latency_us = latency(evaluation.costs.latency_us);
    row.measured_avg_latency_us = latency(evaluation.costs.measured_latency_us);
    row.violations = study::violations(limits, evaluation.costs, point.point);
    return row;
}

}  // namespace

Snapshot read(const study::Study& study) {
    Snapshot snapshot = read_without_evaluations(study);
    snapshot.evaluations = study::judged(study.evaluations(), study::fidelities_from(snapshot.facts.fidelity));
    return snapshot;
}

Snapshot read_without_evaluations(const study::Study& study) {
    Snapshot snapshot{study.facts(), study.config(), {}, study.models(), study.history(), study.test_reads()};
    if (const auto learnt = study.get_meta(kLearntKey)) snapshot.learnt = learnt_from_json(*learnt, study.folder().string());
    snapshot.learnt_collapse = study.get_meta(kCollapseKey).value_or("");
    return snapshot;
}

Results results(const Snapshot& snapshot, const study::Limits& limits, Stage stage) {
    const auto models = stage == Stage::final ? trained_designs(snapshot) : std::vector<study::TrainedModel>{};
    const auto trained = as_archive(models);
    const auto& archive = models.empty() ? snapshot.evaluations : trained;
    const auto row = [&](const search::Design& design) {
        const auto evaluation = static_cast<std::size_t>(design.evaluation);
        const auto point = static_cast<std::size_t>(design.point);
        DesignRow r = row_of(archive[evaluation], archive[evaluation].curve[point], limits);
        if (models.empty()) {
            r.measure = snapshot.facts.measure;
            r.search_accuracy = r.point.accuracy;
            return r;
        }
        const auto& figures = models[evaluation].points[point];
        r.measure = models[evaluation].measure;
        r.model_file = models[evaluation].model_file;
        r.search_accuracy = figures.search_accuracy;
        r.calibration_accuracy = figures.calibration.accuracy;
        if (figures.test) r.test_accuracy = figures.test->accuracy;
        return r;
    };
    Results results{search::hypervolume(archive, limits, snapshot.axes()), snapshot.axes(), limits, {}, {}};
    for (const auto& design : search::admissible_front(archive, limits, snapshot.axes().unit))
        results.designs.push_back(row(design));
    if (!results.designs.empty()) return results;
    for (const auto& design : search::nearest_designs(archive, limits, kNearestShown))
        results.nearest.push_back(row(design));
    return results;
}

std::string violation_text(const study::Violation& v) {
    const bool share = v.limit.starts_with("min_");
    const bool bytes = v.limit.ends_with("_bytes"), time = v.limit.ends_with("_us");
    const auto text = [&](double value) {
        return share ? percent_text(value) : bytes ? bytes_text(value) : time ? time_text(value) : count_text(value);
    };
    return fmt::format("{} is {}, {} {} {}", v.limit, text(v.got), percent_text(v.relative, 1), share ? "below" : "above",
                       text(v.allowed));
}

}  // namespace nachos::report
