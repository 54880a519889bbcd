#include "report/html.h"

#include "core/files.h"
#include "report/charts.h"
#include "report/comparison.h"
#include "report/learnt_designs.h"
#include "report/number_text.h"
#include "report/page.h"
#include "report/page_data.h"
#include "report/page_style.h"
#include "report/svg.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace nachos::report {
namespace {

std::string section(std::string_view title, const std::string& note, const std::string& content) {
    const std::string paragraph = note.empty() ? "" : fmt::format("<p class=\"note\">{}</p>\n", note);
    return fmt::format("<section>\n<h2>{}</h2>\n{}{}</section>\n", title, paragraph, content);
}

std::string limits_list(const study::Limits& l) {
    std::vector<std::string> items;
    const auto add = [&](const std::optional<double>& limit, std::string text) {
        if (limit) items.push_back("<li>" + std::move(text) + "</li>");
    };
    const auto count = [](const std::optional<double>& value) { return short_count_text(value.value_or(0)); };
    add(l.max_avg_macs, fmt::format("at most {} MACs on average", count(l.max_avg_macs)));
    add(l.max_p95_macs, fmt::format("at most {} MACs for 95 % of the samples", count(l.max_p95_macs)));
    add(l.max_worst_macs, fmt::format("at most {} MACs for any sample", count(l.max_worst_macs)));
    add(l.max_params, fmt::format("at most {} parameters", count(l.max_params)));
    add(l.max_peak_activation_bytes,
        fmt::format("at most {} of activations at once", bytes_text(l.max_peak_activation_bytes.value_or(0))));
    add(l.max_avg_latency_us, fmt::format("at most {} on average", time_text(l.max_avg_latency_us)));
    add(l.min_accuracy, fmt::format("accuracy at least {:g} %", 100 * l.min_accuracy.value_or(0)));
    add(l.min_class_accuracy, fmt::format("worst class at least {:g} %", 100 * l.min_class_accuracy.value_or(0)));
    if (items.empty()) items.emplace_back("<li>no limits</li>");
    return fmt::format("<ul class=\"asked\">{}</ul>\n", fmt::join(items, ""));
}

std::string tile(const std::string& figure, const std::string& what, bool first = false) {
    return fmt::format("<div class=\"tile{}\"><b>{}</b><span>{}</span></div>\n", first ? " first" : "", figure, what);
}

/// The most accurate design: the last one, as the front rises with cost.
const DesignRow* chosen(const Results& r) { return r.designs.empty() ? nullptr : &r.designs.back(); }

std::string tiles(const Snapshot& snapshot, const Results& r) {
    std::string out;
    if (const DesignRow* best = chosen(r)) {
        out += best->test_accuracy
                   ? tile(percent_text(*best->test_accuracy), "accuracy on the test split, best design", true)
                   : tile(percent_text(best->point.accuracy), "accuracy on validation data, best design", true);
        out += tile(count_text(best->point.avg_cost), "MACs on average, the same design");
        if (best->measured_avg_latency_us)
            out += tile(time_text(*best->measured_avg_latency_us), "on average, the same design, measured");
        else if (best->avg_latency_us)
            out += tile(time_text(*best->avg_latency_us), "on average, the same design, by the latency table");
    }
    out += tile(std::to_string(r.designs.size()), "admissible designs on the front");
    out += tile(std::to_string(snapshot.evaluations.size()), "architectures evaluated");
    return "<div class=\"tiles\">\n" + out + "</div>\n";
}

std::string front_section(const Snapshot& snapshot, const Results& r) {
    const bool tested =
        std::any_of(r.designs.begin(), r.designs.end(), [](const auto& d) { return d.test_accuracy.has_value(); });
    std::string legend = "<li><i class=\"l-seen\"></i>evaluated in the search</li>";
    legend += fmt::format("<li><i class=\"l-front\"></i>the front, accuracy on {} data</li>",
                          !r.designs.empty() && r.designs.front().trained() ? "calibration" : "validation");
    if (tested) legend += "<li><i class=\"l-test\"></i>the same design on the test split</li>";
    return section("What accuracy costs", "Each point is a network with its exit thresholds. Point at one for its figures.",
                   "<ul class=\"legend\">" + legend + "</ul>\n" + front_chart(snapshot, r));
}

std::string table_row(const DesignRow& d, bool is_chosen) {
    const auto figure = [](const std::string& text) { return "<td>" + text + "</td>"; };
    return fmt::format("<tr{}><td><code>{}</code></td>", is_chosen ? " class=\"chosen\"" : "", escaped(d.id)) +
           figure(percent_text(d.search_accuracy)) + figure(percent_text(d.calibration_accuracy)) +
           figure(percent_text(d.test_accuracy)) + figure(count_text(d.point.avg_cost)) +
           (d.avg_latency_us ? figure(time_text(d.avg_latency_us)) + figure(time_text(d.measured_avg_latency_us)) : "") +
           figure(count_text(d.avg_macs_paper)) + figure(count_text(d.point.p95_cost)) +
           figure(count_text(d.point.worst_cost)) + figure(count_text(static_cast<double>(d.costs.params))) +
           figure(bytes_text(static_cast<double>(d.costs.peak_activation_bytes))) + figure(shares_text(d.point.exit_share)) +
           "<td class=\"text\">" + thresholds_text(d.point.thresholds) + "</td></tr>\n";
}

std::string table(const std::vector<DesignRow>& designs, const DesignRow* best) {
    const bool latencies = std::any_of(designs.begin(), designs.end(), [](const DesignRow& d) { return d.avg_latency_us; });
    const std::string head =
        std::string(
            "<div class=\"table\"><table>\n<tr><th>design</th><th>search</th><th>calibration</th><th>test</th>"
            "<th>avg MACs</th>") +
        (latencies ? "<th>avg latency</th><th>measured</th>" : "") +
        "<th>paper MACs</th><th>p95</th><th>worst</th><th>parameters</th><th>peak</th><th>leave at exit, %</th>"
        "<th class=\"text\">thresholds</th></tr>\n";
    std::string rows;
    for (const auto& d : designs) rows += table_row(d, best == &d);
    return head + rows + "</table></div>\n";
}

std::string designs_section(const Results& r) {
    if (!r.designs.empty())
        return section("The designs",
                       "Accuracy on each part of the data; executed MACs, every head passed included; paper MACs leave out "
                       "the heads not taken. The best design is marked.",
                       table(r.designs, chosen(r)));
    std::string reasons;
    for (const auto& d : r.nearest)
        for (const auto& violation : d.violations)
            reasons += fmt::format("<li><code>{}</code>: {}</li>\n", escaped(d.id), violation_text(violation));
    return section("No design meets the limits", "The nearest ones, and what each breaks:",
                   "<ul class=\"plain\">" + reasons + "</ul>\n" + (r.nearest.empty() ? "" : table(r.nearest, nullptr)));
}

std::string comparators_section(const Comparison& comparison) {
    if (comparison.rows.empty()) return "";
    std::string rows;
    for (const auto& row : comparison.rows)
        rows += fmt::format(
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>"
            "<td class=\"text\">{}</td></tr>\n",
            escaped(row.name), percent_text(row.calibration_accuracy), percent_text(row.test_accuracy),
            count_text(row.avg_macs), count_text(row.worst_macs), count_text(static_cast<double>(row.params)),
            escaped(row.summary));
    const std::string note = comparison.saving ? escaped(saving_text(*comparison.saving)) + " " : "";
    return section("Compared with", note + "All were trained with the same epochs and measured alike.",
                   "<div class=\"table\"><table>\n<tr><th>network</th><th>calibration</th><th>test</th><th>avg MACs</th>"
                   "<th>worst</th><th>parameters</th><th class=\"text\">what it is</th></tr>\n" +
                       rows + "</table></div>\n");
}

std::string learnt_section(const Snapshot& s) {
    if (s.learnt.empty()) return "";
    const std::string collapse =
        s.learnt_collapse.empty() ? "" : fmt::format("They are no answer by themselves: {}. ", escaped(s.learnt_collapse));
    return section("What was learnt with the supernet",
                   collapse +
                       "One design a budget. Expected: average cost on the validation part by the gates as learnt, before "
                       "any thresholds. Tuned: with thresholds fitted for the budget, on samples they were not fitted on.",
                   learnt_html(s.learnt));
}

std::string protocol_section(const Snapshot& s) {
    const auto& f = s.facts;
    std::string reads;
    for (const auto& read : s.test_reads)
        reads += fmt::format("<li>{}: {}</li>\n", escaped(read.time), escaped(read.purpose));
    const std::string test = f.test_images == 0 ? "there is no test split" : fmt::format("test {}", f.test_images);
    return section(
        "How this was measured", "",
        fmt::format("<p>Images: train {}, validation {}, calibration {}, {}. The search saw train and validation; final "
                    "thresholds and temperatures were fitted on calibration. The test split was read {} time{}.</p>\n"
                    "<ul class=\"plain note\">{}</ul>\n",
                    f.train_images, f.validation_images, f.calibration_images, test, s.test_reads.size(),
                    s.test_reads.size() == 1 ? "" : "s", reads));
}

}  // namespace

std::string html_report(const Snapshot& snapshot) {
    const Results r = results(snapshot, snapshot.facts.limits);
    const std::string name = escaped(snapshot.facts.data);
    std::string body = fmt::format("<p class=\"brand\">nachos</p>\n<h1>Early-exit networks for {}</h1>\n", name);
    body += fmt::format("<p class=\"note\">{} classes: {}</p>\n", snapshot.facts.class_names.size(),
                        escaped(fmt::format("{}", fmt::join(snapshot.facts.class_names, ", "))));
    for (const std::string& note : snapshot.facts.notes) body += fmt::format("<p class=\"note\">{}</p>\n", escaped(note));
    body += limits_list(r.limits) + tiles(snapshot, r) + front_section(snapshot, r);
    if (const DesignRow* best = chosen(r))
        body += section("The best design", "The band is the samples: at each exit, those that are sure enough leave.",
                        design_drawing(*best));
    if (!snapshot.reliability.empty())
        body +=
            section("How far its exits can be trusted",
                    "Of the samples an exit is so sure of, the share it is right on; on the dashed line it is neither too "
                    "sure nor too modest. Error: expected calibration error, before and after calibration.",
                    "<ul class=\"legend\"><li><i class=\"l-seen\"></i>as trained</li><li><i class=\"l-test\"></i>"
                    "calibrated</li></ul>\n" +
                        reliability_chart(snapshot.reliability));
    body += designs_section(r) + comparators_section(comparison(snapshot, r));
    if (const std::string chart = hypervolume_chart(snapshot); !chart.empty())
        body +=
            section("How the search went", "Hypervolume of the admissible designs found so far; higher is better.", chart);
    body += learnt_section(snapshot) + protocol_section(snapshot);
    body += section("Configuration", "",
                    fmt::format("<details><summary>All keys</summary><pre>{}</pre></details>\n", escaped(snapshot.config)));
    return fmt::format(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
        "content=\"width=device-width, initial-scale=1\">\n<title>{} · nachos</title>\n<style>{}</style>\n</head>\n<body>\n"
        "<main>\n{}</main>\n</body>\n</html>\n",
        name, kPageStyle, body);
}

std::string report_html(const study::Study& study) {
    Snapshot snapshot = read(study);
    const bool in_macs = snapshot.axes().unit == study::CostUnit::macs;  // what the page's axes and budgets are in
    if (has_page() && in_macs) return page(page_data(snapshot, details(study, snapshot.models)));
    const Results r = results(snapshot, snapshot.facts.limits);
    if (const DesignRow* best = chosen(r)) {
        for (const auto& model : snapshot.models)
            if (model.model_file == best->model_file) snapshot.reliability = reliability(study, model);
    }
    return html_report(snapshot);
}

void write_reports(const study::Study& study) {
    study.publish();
    const Snapshot snapshot = read(study);
    const Results r = results(snapshot, snapshot.facts.limits);
    core::write_file_atomic(study.folder() / "pareto.json", pareto_json(r));
    core::write_file_atomic(study.folder() / "pareto.csv", pareto_csv(r));
    core::write_file_atomic(study.folder() / "report.html", report_html(study));
}

}  // namespace nachos::report
