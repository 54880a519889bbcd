#include "report/page_data.h"

#include "core/json_reader.h"
#include "core/version.h"
#include "report/base64.h"
#include "report/comparison.h"
#include "search/finalists.h"

#include <algorithm>
#include <cmath>

namespace nachos::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kSchema = 1;
constexpr int kMostBudgets = 1'000;
constexpr std::size_t kMostPixelBytes = 300'000;  ///< of sample images in a page

/// Rounded, so that it takes few letters. What is not finite becomes null.
Json rounded(double value, double steps) { return std::isfinite(value) ? Json(std::round(value * steps) / steps) : Json(); }

Json share(double value) { return rounded(value, 1e5); }
Json share(const std::optional<double>& value) { return value ? share(*value) : Json(); }
Json macs(double value) { return std::isfinite(value) ? Json(std::llround(value)) : Json(); }

template <class Values, class Encode>
Json list(const Values& values, Encode encode) {
    Json out = Json::array();
    for (const auto& value : values) out.push_back(encode(value));
    return out;
}

Json thresholds_json(const policy::Thresholds& thresholds) {
    return list(thresholds, [](const std::optional<double>& t) { return t ? rounded(*t, 1e7) : Json(); });
}

/// [accuracy, worst class, average, 95 %, worst, thresholds, exit shares]; costs in executed MACs.
Json point_json(const policy::OperatingPoint& p) {
    return Json::array({share(p.accuracy), share(p.min_class_accuracy), macs(p.avg_cost), macs(p.p95_cost),
                        macs(p.worst_cost), thresholds_json(p.thresholds),
                        list(p.exit_share, [](double s) { return rounded(s, 1e4); })});
}

Json arch_json(const arch::ArchSpec& a) {
    const auto exit = [](const arch::ExitSpec& e) { return e.placed ? Json::array({e.convs, e.width, e.pool}) : Json(); };
    return {{"stem", {a.stem_stride, a.stem_width}},
            {"depth", a.depth},
            {"width", a.width},
            {"kernel", a.kernel},
            {"expand", a.expand},
            {"exits", list(a.exits, exit)}};
}

Json costs_json(const study::ArchCosts& c) {
    Json json{{"backbone", c.backbone_macs}, {"head", c.head_macs}, {"params", c.params}, {"peak", c.peak_activation_bytes}};
    const auto microseconds = [](double us) { return rounded(us, 1e3); };
    if (!c.latency_us.empty()) json["latency"] = list(c.latency_us, microseconds);
    if (!c.measured_latency_us.empty()) json["measured_latency"] = list(c.measured_latency_us, microseconds);
    return json;
}

/// The exit whose executed cost it is.
int exit_of(double cost, const study::ArchCosts& costs) {
    const auto& executed = costs.executed_macs;
    if (executed.empty()) return 0;
    const auto at = std::lower_bound(executed.begin(), executed.end(), std::llround(cost));
    return static_cast<int>(std::min(at, executed.end() - 1) - executed.begin());
}

Json whole(double value, double steps) { return std::isfinite(value) ? Json(std::llround(value * steps)) : Json(); }

/// A row of whole numbers, for there may be 80,000: budget's index, average by the paper's accounting, accuracy and worst
/// class (1e-5), average, exits whose costs are the 95 % and the worst one, thresholds (1e-4), exit shares (1e-4).
Json row_json(const study::CurvePoint& p, const study::ArchCosts& costs) {
    const policy::OperatingPoint& o = p.point;
    Json row = Json::array({p.budget_index, macs(p.avg_macs_paper), whole(o.accuracy, 1e5), whole(o.min_class_accuracy, 1e5),
                            macs(o.avg_cost), exit_of(o.p95_cost, costs), exit_of(o.worst_cost, costs)});
    for (const std::optional<double>& t : o.thresholds) row.push_back(t ? whole(*t, 1e4) : Json());
    for (const double s : o.exit_share) row.push_back(whole(s, 1e4));
    return row;
}

Json search_json(const study::Evaluation& e) {
    Json json{{"id", arch::arch_id(e.arch)}, {"arch", arch_json(e.arch)}};
    if (!e.ok()) {
        json["error"] = e.error;
        return json;
    }
    json["costs"] = costs_json(e.costs);
    json["points"] = list(e.curve, [&](const study::CurvePoint& p) { return row_json(p, e.costs); });
    return json;
}

/// MACs of each budget's index that a curve names.
Json budgets_json(std::span<const DesignPart* const> designs) {
    std::vector<double> budgets;
    for (const DesignPart* design : designs) {
        for (const auto& [index, budget_macs] : design->budgets) {
            budgets.resize(std::max(budgets.size(), static_cast<std::size_t>(index) + 1));
            budgets[static_cast<std::size_t>(index)] = budget_macs;
        }
    }
    return list(budgets, macs);
}

Json bins_json(const std::vector<policy::ReliabilityBin>& bins) {
    Json out = Json::array();
    for (const auto& bin : bins)
        if (bin.samples > 0)
            out.push_back(Json::array({bin.samples, rounded(bin.confidence, 1e4), rounded(bin.accuracy, 1e4)}));
    return out;
}

Json detail_json(const TrainedDetail& d, std::size_t samples_shown) {
    Json json{{"front", list(d.front, point_json)}};
    json["reliability"] = list(d.reliability, [](const ExitReliability& r) {
        return Json{{"before", bins_json(r.before)},
                    {"after", bins_json(r.after)},
                    {"error_before", share(r.error_before)},
                    {"error_after", share(r.error_after)}};
    });
    json["reliability_part"] = d.reliability_on_test ? "test" : "calibration";
    const auto shown = static_cast<std::size_t>(d.samples.exits) * samples_shown;
    if (d.samples.samples > 0) {
        const auto& v = d.samples;
        json["confidences"] = list(std::span(v.confidences).first(shown), [](float c) { return rounded(c, 1e7); });
        json["predictions"] =
            Json(std::vector<int>(v.predictions.begin(), v.predictions.begin() + static_cast<long>(shown)));
    }
    return json;
}

Json trained_json(const study::TrainedModel& m) {
    Json json{
        {"name", m.name},       {"id", arch::arch_id(m.arch)},  {"comparator", m.comparator}, {"arch", arch_json(m.arch)},
        {"measure", m.measure}, {"costs", costs_json(m.costs)}, {"file", m.model_file}};
    json["points"] = list(m.points, [](const study::TrainedPoint& p) {
        return Json{{"budget", p.budget_index},
                    {"budget_macs", macs(p.budget_macs)},
                    {"avg_macs_paper", macs(p.avg_macs_paper)},
                    {"search", share(p.search_accuracy)},
                    {"calibration", point_json(p.calibration)},
                    {"test", p.test ? point_json(*p.test) : Json()}};
    });
    return json;
}

/// As many images as the page may hold; the study stores them in random order.
std::size_t shown_samples(const Details& details) {
    if (!details.samples || details.samples->image_bytes() == 0) return 0;
    return std::min(details.samples->size(), kMostPixelBytes / details.samples->image_bytes());
}

Json samples_json(const study::SampleImages& s, std::size_t shown) {
    return {{"height", s.height},
            {"width", s.width},
            {"channels", s.channels},
            {"rows", std::vector<int>(s.rows.begin(), s.rows.begin() + static_cast<long>(shown))},
            {"labels", std::vector<int>(s.labels.begin(), s.labels.begin() + static_cast<long>(shown))},
            {"pixels", base64(std::span(s.pixels).first(shown * s.image_bytes()))}};
}

Json limits_json(const study::Limits& l) {
    Json json = Json::object();
    const auto add = [&](const char* key, const std::optional<double>& value) {
        if (value) json[key] = *value;
    };
    add("max_avg_macs", l.max_avg_macs);
    add("max_p95_macs", l.max_p95_macs);
    add("max_worst_macs", l.max_worst_macs);
    add("max_params", l.max_params);
    add("max_peak_activation_bytes", l.max_peak_activation_bytes);
    add("max_avg_latency_us", l.max_avg_latency_us);
    add("min_accuracy", l.min_accuracy);
    add("min_class_accuracy", l.min_class_accuracy);
    return json;
}

/// `any` is one of the architectures.
Json facts_json(const study::Facts& f, const arch::ArchSpec& any) {
    const std::string cost = key_of(study::cost_unit_from(f.cost, "the study"));
    return {{"data", f.data},
            {"classes", f.class_names},
            {"images",
             {{"train", f.train_images},
              {"validation", f.validation_images},
              {"calibration", f.calibration_images},
              {"test", f.test_images}}},
            {"split_digest", f.split_digest},
            {"measure", f.measure},
            {"fidelity", f.fidelity},
            {"notes", f.notes},
            {"limits", limits_json(f.limits)},
            {"axes", {{"min_" + cost, f.min_cost}, {"max_" + cost, f.max_cost}, {"max_error", f.max_error}}},
            {"space", any.space},
            {"resolution", any.resolution},
            {"channels", any.channels}};
}

Json history_json(const std::vector<study::HistoryStep>& history) {
    return list(history, [](const study::HistoryStep& h) {
        return Json{{"evaluations", h.evaluations},
                    {"hypervolume", rounded(h.hypervolume, 1e6)},
                    {"feasible", share(h.feasible_share)},
                    {"error_model", h.error_model},
                    {"error_kendall", share(h.error_kendall)},
                    {"cost_model", h.cost_model},
                    {"cost_kendall", share(h.cost_kendall)}};
    });
}

Json learnt_json(const std::vector<search::LearntDesign>& learnt) {
    const auto optional_macs = [](const std::optional<double>& value) { return value ? macs(*value) : Json(); };
    return list(learnt, [&](const search::LearntDesign& d) {
        return Json{{"budget", macs(d.budget_macs)},        {"id", arch::arch_id(d.arch)},
                    {"exits", d.arch.placed_exits()},       {"expected", optional_macs(d.expected_macs)},
                    {"tuned", optional_macs(d.tuned_macs)}, {"accuracy", share(d.accuracy)},
                    {"worst", macs(d.worst_macs)}};
    });
}

Json comparison_json(const Comparison& c) {
    Json json{{"rows", Json::array()}};
    for (const ComparisonRow& row : c.rows)
        json["rows"].push_back({{"name", row.name},
                                {"summary", row.summary},
                                {"calibration", share(row.calibration_accuracy)},
                                {"test", share(row.test_accuracy)},
                                {"avg_macs", macs(row.avg_macs)},
                                {"worst_macs", macs(row.worst_macs)},
                                {"params", row.params}});
    if (c.saving) {
        const ExitSaving& s = *c.saving;
        json["saving"] = {{"design", s.design},
                          {"avg_macs", macs(s.avg_macs)},
                          {"plain_macs", macs(s.plain_macs)},
                          {"accuracy", share(s.accuracy)},
                          {"plain_accuracy", share(s.plain_accuracy)},
                          {"text", saving_text(s)}};
    }
    return json;
}

/// Compared are trained networks: where there are none, the front of all evaluations need not be looked for.
Comparison comparison_of(const Snapshot& s) {
    const auto design = [](const study::TrainedModel& m) { return !m.comparator; };
    if (std::none_of(s.models.begin(), s.models.end(), design)) return {};
    return comparison(s, results(s, s.facts.limits));
}

}  // namespace

DesignPart design_part(const study::Evaluation& e) {
    DesignPart part{core::to_text(search_json(e)), {}, e.fidelity, e.arch};
    for (const study::CurvePoint& p : e.curve)
        if (p.budget_index >= 0 && p.budget_index <= kMostBudgets) part.budgets.emplace_back(p.budget_index, p.budget_macs);
    return part;
}

PageRest page_rest(const Snapshot& s, const Details& details) {
    Json json{{"models", list(s.models, trained_json)}};
    const std::size_t shown = shown_samples(details);
    for (const TrainedDetail& detail : details.trained)
        for (Json& model : json["models"])
            if (model["name"] == detail.name) model["detail"] = detail_json(detail, shown);
    json["samples"] = shown > 0 ? samples_json(*details.samples, shown) : Json();
    json["history"] = history_json(s.history);
    json["test_reads"] = list(s.test_reads, [](const study::TestRead& r) {
        return Json{{"time", r.time}, {"purpose", r.purpose}};
    });
    json["learnt"] = {{"designs", learnt_json(s.learnt)}, {"collapse", s.learnt_collapse}};
    json["comparison"] = comparison_json(comparison_of(s));
    return {s.facts, s.config, details.start, core::to_text(json).substr(1)};
}

std::string page_data(const PageRest& rest, std::span<const DesignPart* const> designs) {
    Json json{{"schema", kSchema}, {"program", {{"version", core::version()}, {"commit", core::commit()}}}};
    json["facts"] = facts_json(rest.facts, designs.empty() ? arch::ArchSpec{} : designs.front()->arch);
    json["config"] = rest.config;
    json["start"] = rest.start.empty() ? Json() : Json::parse(rest.start, nullptr, false);
    json["budgets"] = budgets_json(designs);
    std::string text = core::to_text(json);
    text.pop_back();  // its closing brace
    std::size_t size = text.size() + rest.behind.size() + 16;
    for (const DesignPart* design : designs) size += design->json.size() + 1;
    text.reserve(size);
    text += ",\"designs\":[";
    for (const DesignPart* design : designs) {
        if (design != designs.front()) text += ',';
        text += design->json;
    }
    text += "],";
    return text += rest.behind;
}

std::string page_data(const Snapshot& s, const Details& details) {
    std::vector<DesignPart> parts;
    for (const study::Evaluation& e : s.evaluations) parts.push_back(design_part(e));
    std::vector<const DesignPart*> designs;
    for (const DesignPart& part : parts) designs.push_back(&part);
    return page_data(page_rest(s, details), designs);
}

std::string page_data(const study::Study& study) {
    const Snapshot snapshot = read(study);
    return page_data(snapshot, details(study, snapshot.models));
}

}  // namespace nachos::report
