#include "policy/csv_table.h"

#include "core/error.h"
#include "core/files.h"
#include "core/json_reader.h"
#include "policy/line_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace nachos::policy {
namespace {

constexpr std::int64_t kRowsBeforeReserve = 100000;
constexpr std::size_t kQuoted = 40;  // most bytes of a bad field that a message repeats

/// The fields of a line, one at a time.
class Fields {
  public:
    explicit Fields(std::string_view line) : rest_(line) {}

    bool more() const { return more_; }
    std::string_view next() {
        const std::size_t comma = rest_.find(',');
        std::string_view field = rest_.substr(0, comma);
        more_ = comma != std::string_view::npos;
        rest_ = more_ ? rest_.substr(comma + 1) : std::string_view();
        while (!field.empty() && is_blank(field.front())) field.remove_prefix(1);
        while (!field.empty() && is_blank(field.back())) field.remove_suffix(1);
        return field;
    }

  private:
    static bool is_blank(char c) { return c == ' ' || c == '\t'; }

    std::string_view rest_;
    bool more_ = true;
};

std::string quoted(std::string_view field) {
    return field.size() <= kQuoted ? fmt::format("'{}'", field) : fmt::format("'{}...'", field.substr(0, kQuoted));
}

std::string column_name(std::size_t column) {
    if (column == 0) return "label";
    return fmt::format("{}_{}", column % 2 == 1 ? "pred" : "conf", (column + 1) / 2);
}

bool is_blank_line(std::string_view line) { return line.find_first_not_of(" \t") == std::string_view::npos; }

class CsvTable {
  public:
    explicit CsvTable(const std::filesystem::path& path) : where_(path.string()), lines_(path) {}

    ExitView read() {
        read_header();
        while (const auto line = lines_.next()) {
            if (is_blank_line(*line)) {  // allowed at the end alone
                if (blank_ == 0) blank_ = lines_.number();
                continue;
            }
            require(blank_ == 0, ErrorKind::bad_data, "{}, line {}: is empty, a row of {} fields is required", where_,
                    blank_, columns_);
            read_row(*line);
        }
        require(view_.samples > 0, ErrorKind::bad_data, "{}: holds a header and no rows, at least one sample is required",
                where_);
        return std::move(view_);
    }

  private:
    [[noreturn]] void fail_at(std::size_t column, const std::string& what) const {
        fail(ErrorKind::bad_data, "{}, line {}, column {} ({}): {}", where_, lines_.number(), column + 1,
             column_name(column), what);
    }

    void read_header();
    void read_row(std::string_view line);
    void reserve();
    std::int32_t whole(std::string_view field, std::size_t column) const;
    float confidence(std::string_view field, std::size_t column) const;

    std::string where_;
    LineReader lines_;
    ExitView view_;
    std::size_t columns_ = 0;
    std::int64_t blank_ = 0;  ///< the first empty line
};

void CsvTable::read_header() {
    auto line = lines_.next();
    require(line.has_value(), ErrorKind::bad_data, "{}: is empty, a header label,pred_1,conf_1,... and rows are required",
            where_);
    if (line->starts_with("\xEF\xBB\xBF")) line->remove_prefix(3);
    for (Fields fields(*line); fields.more(); ++columns_) {
        const std::string_view name = fields.next();
        if (name != column_name(columns_))
            fail_at(columns_,
                    fmt::format("the header says {}, it must read label,pred_1,conf_1,...,pred_E,conf_E", quoted(name)));
    }
    require(columns_ >= 2, ErrorKind::bad_data, "{}, line 1: the header names no exit, label,pred_1 is the least", where_);
    require(columns_ <= 2000, ErrorKind::bad_data, "{}, line 1: the header names {} exits, at most 1000 are allowed", where_,
            columns_ / 2);
    view_.exits = static_cast<int>(columns_ / 2);
}

void CsvTable::read_row(std::string_view line) {
    const std::size_t given = 1 + static_cast<std::size_t>(std::count(line.begin(), line.end(), ','));
    require(given == columns_, ErrorKind::bad_data, "{}, line {}: has {} fields, the header names {}", where_,
            lines_.number(), given, columns_);
    require(view_.samples < std::numeric_limits<int>::max(), ErrorKind::bad_data, "{}, line {}: at most {} rows are allowed",
            where_, lines_.number(), view_.samples);
    Fields fields(line);
    view_.labels.push_back(whole(fields.next(), 0));
    for (std::size_t column = 1; column < columns_; ++column) {
        if (column % 2 == 1)
            view_.predictions.push_back(whole(fields.next(), column));
        else
            view_.confidences.push_back(confidence(fields.next(), column));
    }
    const auto cells = view_.predictions.size();
    view_.confidences.resize(cells);
    view_.confidences.back() = 1;
    if (++view_.samples == kRowsBeforeReserve) reserve();
}

/// Room for as many rows as the file seems to have, so that growing never holds the table twice.
void CsvTable::reserve() {
    const double share = static_cast<double>(lines_.bytes_total()) / static_cast<double>(lines_.bytes_read());
    const auto rows = static_cast<std::size_t>(1.02 * share * view_.samples) + 1;
    if (rows <= view_.labels.size()) return;
    view_.labels.reserve(rows);
    view_.predictions.reserve(rows * static_cast<std::size_t>(view_.exits));
    view_.confidences.reserve(rows * static_cast<std::size_t>(view_.exits));
}

std::int32_t CsvTable::whole(std::string_view field, std::size_t column) const {
    if (field.empty()) fail_at(column, "the value is missing");
    std::int32_t value = -1;
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    if (error != std::errc() || end != field.data() + field.size() || value < 0)
        fail_at(column, fmt::format("{} is no class, a whole number from 0 to {} is required", quoted(field),
                                    std::numeric_limits<std::int32_t>::max()));
    return value;
}

float CsvTable::confidence(std::string_view field, std::size_t column) const {
    if (field.empty()) fail_at(column, "the value is missing");
    double value = 0;
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    if (error == std::errc::result_out_of_range) value = std::strtod(std::string(field).c_str(), nullptr);  // 0 or infinite
    if (error == std::errc::invalid_argument || end != field.data() + field.size())
        fail_at(column, fmt::format("{} is no number", quoted(field)));
    const auto held = static_cast<float>(value);
    if (!std::isfinite(held)) fail_at(column, fmt::format("{} is not a finite number (of float's range)", quoted(field)));
    return held;
}

}  // namespace

ExitView read_csv_table(const std::filesystem::path& path) { return CsvTable(path).read(); }

double portable_threshold(double threshold) {
    const auto own = static_cast<float>(threshold);
    const float below = std::nextafter(own, std::numeric_limits<float>::lowest());
    return (static_cast<double>(own) + below) / 2;
}

ExitCosts read_exit_costs(const std::filesystem::path& path, int exits) {
    const std::string where = path.string();
    const nlohmann::json json = core::parse_json(core::read_file(path, 1 << 20), where);
    const core::JsonReader in(json, where);
    ExitCosts costs{.unit = in.text("unit"), .executed = in.numbers("executed")};
    require(costs.executed.size() == static_cast<std::size_t>(exits), ErrorKind::bad_data,
            "{}: key 'executed' holds {} costs, the table has {} exits, one cost each is required", where,
            costs.executed.size(), exits);
    for (std::size_t i = 0; i < costs.executed.size(); ++i) {
        const double c = costs.executed[i];
        require(std::isfinite(c) && c > 0, ErrorKind::bad_data,
                "{}: key 'executed' holds {} for exit {}, a finite number above 0 is required", where, c, i + 1);
        require(i == 0 || c > costs.executed[i - 1], ErrorKind::bad_data,
                "{}: key 'executed' holds {} for exit {} and {} before it, costs must grow from exit to exit", where, c,
                i + 1, costs.executed[i - (i > 0 ? 1 : 0)]);
    }
    return costs;
}

}  // namespace nachos::policy
