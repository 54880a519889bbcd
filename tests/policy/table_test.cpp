#include "policy/table.h"

#include "core/expect_error.h"
#include "core/half.h"
#include "core/safetensors.h"
#include "core/temp_folder.h"

#include <gtest/gtest.h>

#include <limits>

namespace nachos::policy {
namespace {

RecordedTable small_table() {
    return {.samples = 2,
            .exits = 2,
            .classes = 2,
            .labels = {1, 0},
            .logits = {0.1F, -2.5F, 3, 4, 1e-3F, 6, 7, 8},
            .gates = {0.3F, 0, -0.7F, 0}};
}

void expect_refused(const core::TensorFile& file, const std::string& reason) {
    const test::TempFolder folder;
    const auto path = folder / "bad.safetensors";
    core::write_tensors(path, file);
    test::expect_error(ErrorKind::bad_data, {path.string(), reason}, [&] { load_table(path); });
}

core::TensorFile file_of(const RecordedTable& t) {
    core::TensorFile file;
    file.add_i32("labels", {t.samples}, t.labels.data());
    file.add_f32("logits", {t.samples, t.exits, t.classes}, t.logits.data());
    file.add_f32("gates", {t.samples, t.exits}, t.gates.data());
    return file;
}

TEST(Table, RoundTripF32IsExact) {
    const test::TempFolder folder;
    const auto path = folder / "table.safetensors";
    save_table(path, small_table(), TablePrecision::f32);
    const RecordedTable back = load_table(path);
    EXPECT_EQ(back.samples, 2);
    EXPECT_EQ(back.exits, 2);
    EXPECT_EQ(back.classes, 2);
    EXPECT_EQ(back.labels, small_table().labels);
    EXPECT_EQ(back.logits, small_table().logits);
    EXPECT_EQ(back.gates, small_table().gates);
}

TEST(Table, RoundTripF16RoundsEachValueAndSaturates) {
    RecordedTable table = small_table();
    table.logits[7] = 1e6F;
    const test::TempFolder folder;
    const auto path = folder / "table.safetensors";
    save_table(path, table, TablePrecision::f16);
    const RecordedTable back = load_table(path);
    EXPECT_EQ(back.logits[7], 65504);
    for (int i = 0; i < 7; ++i) EXPECT_EQ(back.logits[i], core::from_half(core::to_half(table.logits[i])));
    for (int i = 0; i < 4; ++i) EXPECT_EQ(back.gates[i], core::from_half(core::to_half(table.gates[i])));
    EXPECT_LT(std::filesystem::file_size(path), 600U);
}

TEST(Table, BadTablesAreRefused) {
    RecordedTable label = small_table();
    label.labels[1] = 2;
    expect_refused(file_of(label), "labels[1] is 2, allowed are 0 to 1");
    RecordedTable infinite = small_table();
    infinite.logits[3] = std::numeric_limits<float>::infinity();
    expect_refused(file_of(infinite), "logits[3] is inf");
    RecordedTable nan = small_table();
    nan.gates[2] = std::numeric_limits<float>::quiet_NaN();
    expect_refused(file_of(nan), "gates[2] is nan");
    core::TensorFile shape = file_of(small_table());
    shape.tensors.at("gates").shape = {4, 1};
    expect_refused(shape, "gates");
    core::TensorFile missing = file_of(small_table());
    missing.tensors.erase("labels");
    expect_refused(missing, "labels");
    core::TensorFile one_class = file_of(small_table());
    one_class.tensors.at("logits").shape = {2, 4, 1};
    expect_refused(one_class, "1 classes");
    core::TensorFile empty;
    empty.add_i32("labels", {0}, nullptr);
    empty.add_f32("logits", {0, 2, 2}, nullptr);
    empty.add_f32("gates", {0, 2}, nullptr);
    expect_refused(empty, "0 samples");
}

}  // namespace
}  // namespace nachos::policy
