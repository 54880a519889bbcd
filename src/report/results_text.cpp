#include "report/number_text.h"
#include "report/results.h"
#include "report/text_table.h"
#include "study/evaluation_json.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <cmath>

namespace nachos::report {
namespace {

using Json = nlohmann::ordered_json;

Json optional_json(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

/// Costs of one sample are whole numbers, held as reals.
Json whole(double macs) { return static_cast<std::int64_t>(std::llround(macs)); }

Json design_json(const DesignRow& d) {
    Json thresholds = Json::array();
    for (const auto& t : d.point.thresholds) thresholds.push_back(optional_json(t));
    Json json{{"id", d.id},
              {"arch", Json::parse(arch::to_json(d.arch))},
              {"measure", d.measure},
              {"thresholds", thresholds},
              {"accuracy",
               {{"search", optional_json(d.search_accuracy)},
                {"calibration", optional_json(d.calibration_accuracy)},
                {"test", optional_json(d.test_accuracy)}}},
              {"avg_macs", d.point.avg_cost},
              {"avg_macs_paper", d.avg_macs_paper},
              {"p95_macs", whole(d.point.p95_cost)},
              {"worst_macs", whole(d.point.worst_cost)},
              {"params", d.costs.params},
              {"peak_activation_bytes", d.costs.peak_activation_bytes},
              {"exit_share", d.point.exit_share},
              {"admissible", d.admissible()}};
    if (d.avg_latency_us) {  // studies without a latency table keep the contract's keys and no more
        json["avg_latency_us"] = *d.avg_latency_us;
        json["exit_latency_us"] = d.costs.latency_us;
    }
    return json;  // measured times stay out: the same study gives the same bytes
}

using Cells = std::vector<std::string>;

constexpr std::ptrdiff_t kFirstCost = 4;  // column of average MACs in the table

/// Which columns of latencies there are.
struct LatencyColumns {
    bool predicted = false, measured = false;

    explicit LatencyColumns(const std::vector<DesignRow>& designs) {
        for (const DesignRow& d : designs) {
            predicted = predicted || d.avg_latency_us;
            measured = measured || d.measured_avg_latency_us;
        }
    }
};

Cells cells_of(const DesignRow& d, const LatencyColumns& columns) {
    Cells cells{d.id,
                percent_text(d.search_accuracy),
                percent_text(d.calibration_accuracy),
                percent_text(d.test_accuracy),
                count_text(d.point.avg_cost),
                count_text(d.point.p95_cost),
                count_text(d.point.worst_cost),
                count_text(static_cast<double>(d.costs.params)),
                bytes_text(static_cast<double>(d.costs.peak_activation_bytes)),
                shares_text(d.point.exit_share),
                thresholds_text(d.point.thresholds)};
    if (columns.measured) cells.insert(cells.begin() + kFirstCost + 1, time_text(d.measured_avg_latency_us));
    if (columns.predicted) cells.insert(cells.begin() + kFirstCost + 1, time_text(d.avg_latency_us));
    return cells;
}

std::string csv_number(const std::optional<double>& value) { return value ? fmt::format("{}", *value) : ""; }

std::string csv_thresholds(const policy::Thresholds& thresholds) {
    Cells items;
    for (const auto& t : thresholds) items.push_back(t ? fmt::format("{}", *t) : "off");
    return fmt::format("{}", fmt::join(items, ";"));
}

}  // namespace

std::string key_of(study::CostUnit unit) { return unit == study::CostUnit::macs ? "macs" : "latency_us"; }

std::string pareto_json(const Results& r) {
    Json designs = Json::array();
    for (const auto& design : r.designs) designs.push_back(design_json(design));
    const std::string unit = key_of(r.axes.unit);
    const Json axes = {{"min_" + unit, r.axes.min_cost}, {"max_" + unit, r.axes.max_cost}, {"max_error", r.axes.max_error}};
    const Json document = {{"hypervolume", r.hypervolume},
                           {"hypervolume_axes", axes},
                           {"limits", Json::parse(study::to_json(r.limits))},
                           {"designs", designs}};
    return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string pareto_csv(const Results& r) {
    std::string text =
        "id,accuracy_search,accuracy_calibration,accuracy_test,avg_macs,avg_macs_paper,p95_macs,worst_macs,params,"
        "peak_activation_bytes,measure,thresholds,exit_share,admissible";
    const LatencyColumns columns(r.designs);
    text += fmt::format("{}{}\n", columns.predicted ? ",avg_latency_us" : "",
                        columns.measured ? ",measured_avg_latency_us" : "");
    for (const auto& d : r.designs) {
        text +=
            fmt::format("{},{},{},{},{},{},{:.0f},{:.0f},{},{},{},{},{},{}", d.id, csv_number(d.search_accuracy),
                        csv_number(d.calibration_accuracy), csv_number(d.test_accuracy), d.point.avg_cost, d.avg_macs_paper,
                        d.point.p95_cost, d.point.worst_cost, d.costs.params, d.costs.peak_activation_bytes, d.measure,
                        csv_thresholds(d.point.thresholds), fmt::join(d.point.exit_share, ";"), d.admissible());
        if (columns.predicted) text += "," + csv_number(d.avg_latency_us);
        if (columns.measured) text += "," + csv_number(d.measured_avg_latency_us);
        text += "\n";
    }
    return text;
}

std::string pareto_table(const Results& r) {
    const auto& designs = r.designs.empty() ? r.nearest : r.designs;
    TextTable table{.head = {"design", "search", "calibr.", "test", "avg MACs", "p95", "worst", "params", "peak",
                             "leave at exit, %", "thresholds"},
                    .text_columns = 2};
    const LatencyColumns columns(designs);
    if (columns.measured) table.head.insert(table.head.begin() + kFirstCost + 1, "measured");
    if (columns.predicted) table.head.insert(table.head.begin() + kFirstCost + 1, "avg latency");
    for (const auto& design : designs) table.rows.push_back(cells_of(design, columns));
    return aligned(table);
}

}  // namespace nachos::report
