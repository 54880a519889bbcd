#include "policy/table.h"

#include "core/error.h"
#include "core/safetensors.h"
#include "policy/rows.h"

#include <algorithm>
#include <cmath>

namespace nachos::policy {
namespace {

constexpr float kLargestHalf = 65504.0F;

/// Adds values as halves; what is beyond their range becomes their largest.
void add_saturated(core::TensorFile& file, const std::string& name, const std::vector<std::int64_t>& shape,
                   const std::vector<float>& values) {
    const auto fits = [](float v) { return std::abs(v) <= kLargestHalf; };
    if (std::all_of(values.begin(), values.end(), fits)) return file.add_f16(name, shape, values.data());
    std::vector<float> clamped = values;
    for (float& v : clamped) v = std::clamp(v, -kLargestHalf, kLargestHalf);
    file.add_f16(name, shape, clamped.data());
}

void require_finite(const std::vector<float>& values, const char* name, const std::string& where) {
    const auto bad = std::find_if(values.begin(), values.end(), [](float v) { return !std::isfinite(v); });
    require(bad == values.end(), ErrorKind::bad_data, "{}: {}[{}] is {}, a finite number is required", where, name,
            bad - values.begin(), bad == values.end() ? 0.0F : *bad);
}

void require_labels(const RecordedTable& table, const std::string& where) {
    for (std::size_t n = 0; n < table.labels.size(); ++n)
        require(table.labels[n] >= 0 && table.labels[n] < table.classes, ErrorKind::bad_data,
                "{}: labels[{}] is {}, allowed are 0 to {}", where, n, table.labels[n], table.classes - 1);
}

int checked_dimension(std::int64_t size, const char* name, int least, const std::string& where) {
    require(size >= least && size <= 1 << 30, ErrorKind::bad_data, "{}: {} {}, at least {} and at most 2^30 are required",
            where, size, name, least);
    return static_cast<int>(size);
}

}  // namespace

void save_table(const std::filesystem::path& path, const RecordedTable& table, TablePrecision precision, core::Sync sync) {
    core::TensorFile file;
    file.add_i32("labels", {table.samples}, table.labels.data());
    const std::vector<std::int64_t> logits_shape{table.samples, table.exits, table.classes};
    const std::vector<std::int64_t> gates_shape{table.samples, table.exits};
    if (precision == TablePrecision::f16) {
        add_saturated(file, "logits", logits_shape, table.logits);
        add_saturated(file, "gates", gates_shape, table.gates);
    } else {
        file.add_f32("logits", logits_shape, table.logits.data());
        file.add_f32("gates", gates_shape, table.gates.data());
    }
    core::write_tensors(path, file, sync);
}

RecordedTable load_table(const std::filesystem::path& path) {
    const std::string where = path.string();
    const core::TensorFile file = core::read_tensors(path);
    RecordedTable table;
    table.logits = file.floats("logits", {-1, -1, -1}, where);
    const auto& shape = file.tensors.at("logits").shape;
    table.samples = checked_dimension(shape[0], "samples", 1, where);
    table.exits = checked_dimension(shape[1], "exits", 1, where);
    table.classes = checked_dimension(shape[2], "classes", 2, where);
    table.labels = file.ints("labels", {table.samples}, where);
    table.gates = file.floats("gates", {table.samples, table.exits}, where);
    require_labels(table, where);
    require_finite(table.logits, "logits", where);
    require_finite(table.gates, "gates", where);
    return table;
}

RecordedTable select(const RecordedTable& table, const std::vector<int>& rows) {
    const auto exits = static_cast<std::size_t>(table.exits);
    return {.samples = static_cast<int>(rows.size()),
            .exits = table.exits,
            .classes = table.classes,
            .labels = select_rows(table.labels, rows, 1),
            .logits = select_rows(table.logits, rows, exits * static_cast<std::size_t>(table.classes)),
            .gates = select_rows(table.gates, rows, exits)};
}

}  // namespace nachos::policy
