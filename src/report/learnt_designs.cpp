#include "report/learnt_designs.h"

#include "core/json_reader.h"
#include "report/number_text.h"
#include "report/svg.h"
#include "report/text_table.h"

#include <fmt/format.h>

namespace nachos::report {
namespace {

using Json = nlohmann::ordered_json;

std::optional<double> optional_number(const core::JsonReader& reader, const char* key) {
    const std::vector<double> values = reader.numbers(key);
    return values.empty() ? std::nullopt : std::optional(values.front());
}

std::string relative_text(const std::optional<double>& macs, double budget) {
    return macs ? fmt::format("{} ({:+.1f} %)", count_text(*macs), 100 * (*macs / budget - 1)) : "-";
}

TextTable table_of(const std::vector<search::LearntDesign>& designs) {
    TextTable table{.head = {"budget", "architecture", "exits", "expected MACs", "tuned MACs", "accuracy", "worst MACs"}};
    for (const search::LearntDesign& d : designs)
        table.rows.push_back({count_text(d.budget_macs), arch::arch_id(d.arch), fmt::format("{}", d.arch.placed_exits()),
                              relative_text(d.expected_macs, d.budget_macs), relative_text(d.tuned_macs, d.budget_macs),
                              percent_text(d.accuracy), count_text(d.worst_macs)});
    return table;
}

}  // namespace

std::string to_json(const std::vector<search::LearntDesign>& designs) {
    Json all = Json::array();
    const auto list = [](const std::optional<double>& value) {
        Json values = Json::array();
        if (value) values.push_back(*value);
        return values;
    };
    for (const search::LearntDesign& d : designs)
        all.push_back({{"budget_macs", d.budget_macs},
                       {"arch", arch::to_json(d.arch)},
                       {"gate_offsets", d.gate_offsets},
                       {"expected_macs", list(d.expected_macs)},
                       {"tuned_macs", list(d.tuned_macs)},
                       {"accuracy", list(d.accuracy)},
                       {"worst_macs", d.worst_macs}});
    return core::to_text(Json{{"designs", all}});
}

std::vector<search::LearntDesign> learnt_from_json(std::string_view text, const std::string& where) {
    const nlohmann::json json = core::parse_json(text, where);
    std::vector<search::LearntDesign> designs;
    for (const core::JsonReader& d : core::JsonReader(json, where).objects("designs"))
        designs.push_back({.budget_macs = d.number("budget_macs"),
                           .arch = arch::spec_from_json(d.text("arch"), where),
                           .gate_offsets = d.numbers("gate_offsets"),
                           .expected_macs = optional_number(d, "expected_macs"),
                           .tuned_macs = optional_number(d, "tuned_macs"),
                           .accuracy = optional_number(d, "accuracy"),
                           .worst_macs = d.number("worst_macs")});
    return designs;
}

std::string learnt_table(const std::vector<search::LearntDesign>& designs) { return aligned(table_of(designs)); }

std::string learnt_html(const std::vector<search::LearntDesign>& designs) {
    if (designs.empty()) return "";
    const TextTable table = table_of(designs);
    std::string html = "<div class=\"table\"><table>\n<tr>";
    for (const std::string& head : table.head) html += fmt::format("<th>{}</th>", escaped(head));
    html += "</tr>\n";
    for (const auto& row : table.rows) {
        html += "<tr>";
        for (const std::string& cell : row) html += fmt::format("<td>{}</td>", escaped(cell));
        html += "</tr>\n";
    }
    return html + "</table></div>\n";
}

}  // namespace nachos::report
