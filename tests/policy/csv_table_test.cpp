#include "policy/csv_table.h"

#include "core/expect_error.h"
#include "core/files.h"
#include "core/temp_folder.h"
#include "policy/line_reader.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace nachos::policy {
namespace {

class CsvTableTest : public testing::Test {
  protected:
    ExitView read(const std::string& text) {
        core::write_file_atomic(path_, text);
        return read_csv_table(path_);
    }
    void expect_bad(const std::string& text, std::initializer_list<std::string> parts) {
        test::expect_error(ErrorKind::bad_data, parts, [&] { read(text); });
        test::expect_error(ErrorKind::bad_data, {path_.string()}, [&] { read(text); });
    }
    void expect_bad_costs(const std::string& text, std::initializer_list<std::string> parts) {
        core::write_file_atomic(path_, text);
        test::expect_error(ErrorKind::bad_data, parts, [&] { read_exit_costs(path_, 2); });
        test::expect_error(ErrorKind::bad_data, {path_.string()}, [&] { read_exit_costs(path_, 2); });
    }

    const test::TempFolder folder_;
    const std::filesystem::path path_ = folder_ / "t.csv";
};

TEST_F(CsvTableTest, ReadsRows) {
    for (const std::string end : {"\n", "\r\n"}) {
        const ExitView view = read("label,pred_1,conf_1,pred_2,conf_2" + end + "3,3,0.25,4,0.5" + end + " 0 ,1,-1e-3, 0,7");
        EXPECT_EQ(view.samples, 2);
        EXPECT_EQ(view.exits, 2);
        EXPECT_EQ(view.labels, (std::vector<int>{3, 0}));
        EXPECT_EQ(view.predictions, (std::vector<int>{3, 4, 1, 0}));
        EXPECT_EQ(view.confidences, (std::vector<float>{0.25F, 1, -0.001F, 1}));
    }
}

TEST_F(CsvTableTest, TheLastConfidenceMayBeAbsent) {
    const ExitView view = read("\xEF\xBB\xBFlabel,pred_1,conf_1,pred_2\n0,1,0.5,0\n\n");
    EXPECT_EQ(view.predictions, (std::vector<int>{1, 0}));
    EXPECT_EQ(view.confidences, (std::vector<float>{0.5F, 1}));
    EXPECT_EQ(read("label,pred_1\n5,5\n").exits, 1);
    EXPECT_EQ(read("label,pred_1,conf_1\n5,5,0.1\n").confidences, std::vector<float>{1});
}

TEST_F(CsvTableTest, TinyNumbersAreZero) {
    EXPECT_EQ(read("label,pred_1,conf_1,pred_2\n0,1,1e-400,0\n").confidence(0, 0), 0);
    EXPECT_EQ(read("label,pred_1,conf_1,pred_2\n0,1,1e-60,0\n").confidence(0, 0), 0);
}

TEST_F(CsvTableTest, BadTablesNameLineAndColumn) {
    const std::string header = "label,pred_1,conf_1,pred_2,conf_2\n";
    const std::string good = header + "0,0,0.5,0,1\n";
    expect_bad("", {"is empty"});
    expect_bad(header, {"no rows"});
    expect_bad("label\n0\n", {"line 1", "names no exit"});
    expect_bad("label,pred_1,pred_2\n0,0,0\n", {"line 1, column 3 (conf_1)", "'pred_2'"});
    expect_bad("0,0,0.5,0,1\n", {"line 1, column 1 (label)", "'0'"});
    expect_bad(good + "0,0,nan,0,1\n", {"line 3, column 3 (conf_1)", "'nan'", "not a finite number"});
    expect_bad(good + "0,0,0.5,0,inf\n", {"line 3, column 5 (conf_2)", "'inf'", "not a finite number"});
    expect_bad(good + "0,0,1e39,0,1\n", {"line 3, column 3 (conf_1)", "'1e39'"});
    expect_bad(good + "0,0,1e400,0,1\n", {"line 3, column 3 (conf_1)", "'1e400'"});
    expect_bad(good + "0,0,,0,1\n", {"line 3, column 3 (conf_1)", "missing"});
    expect_bad(good + ",0,0.5,0,1\n", {"line 3, column 1 (label)", "missing"});
    expect_bad(good + "0,0,0.5x,0,1\n", {"line 3, column 3 (conf_1)", "'0.5x' is no number"});
    expect_bad(good + "0,0,0.5,0\n", {"line 3", "has 4 fields", "names 5"});
    expect_bad(good + "0,0,0.5,0,1,\n", {"line 3", "has 6 fields"});
    expect_bad(good + "-1,0,0.5,0,1\n", {"line 3, column 1 (label)", "'-1'", "from 0"});
    expect_bad(good + "0,0,0.5,1.0,1\n", {"line 3, column 4 (pred_2)", "'1.0'", "whole number"});
    expect_bad(good + "0,99999999999,0.5,0,1\n", {"line 3, column 2 (pred_1)"});
    expect_bad(good + "\n0,0,0.5,0,1\n", {"line 3", "is empty"});
    expect_bad(good + std::string(5 << 20, 'x'), {"line 3", "longer than 4194304 bytes"});
    test::expect_error(ErrorKind::bad_data, {"none.csv"}, [&] { read_csv_table(folder_ / "none.csv"); });
    test::expect_error(ErrorKind::bad_data, {"folder"}, [&] { read_csv_table(folder_.path()); });
}

TEST_F(CsvTableTest, RowsAcrossBuffersAreWhole) {
    std::string text = "label,pred_1,conf_1,pred_2\n";
    constexpr int kRows = 400000;  // 8 MB: two buffers
    for (int n = 0; n < kRows; ++n) text += fmt::format("{},{},{:.6f},{}\n", n, n + 1, n / 4e5, n % 7);
    const ExitView view = read(text);
    ASSERT_EQ(view.samples, kRows);
    for (int n = 0; n < kRows; ++n) {
        ASSERT_EQ(view.labels[static_cast<std::size_t>(n)], n);
        ASSERT_EQ(view.predictions[2 * static_cast<std::size_t>(n)], n + 1);
        ASSERT_NEAR(view.confidence(n, 0), n / 4e5, 1e-6);
    }
    EXPECT_LT(view.confidences.capacity(), 1.1 * 2 * kRows);
}

TEST_F(CsvTableTest, Costs) {
    core::write_file_atomic(path_, R"({"unit": "macs", "executed": [10, 20.5]})");
    const ExitCosts costs = read_exit_costs(path_, 2);
    EXPECT_EQ(costs.unit, "macs");
    EXPECT_EQ(costs.executed, (std::vector<double>{10, 20.5}));
    expect_bad_costs("{", {"is not JSON"});
    expect_bad_costs("[1, 2]", {"a JSON object is needed"});
    expect_bad_costs(R"({"unit": "macs"})", {"'executed' is missing"});
    expect_bad_costs(R"({"unit": "macs", "executed": [1, "2"]})", {"a number is needed"});
    expect_bad_costs(R"({"unit": "macs", "executed": [1, 2, 3]})", {"holds 3 costs", "2 exits"});
    expect_bad_costs(R"({"unit": "macs", "executed": [0, 2]})", {"holds 0 for exit 1", "above 0"});
    expect_bad_costs(R"({"unit": "macs", "executed": [-1, 2]})", {"holds -1 for exit 1"});
    expect_bad_costs(R"({"unit": "macs", "executed": [2, 2]})", {"holds 2 for exit 2 and 2 before it", "must grow"});
    expect_bad_costs(R"({"unit": "macs", "executed": [1, 1e999]})", {"JSON"});
}

TEST(PortableThreshold, DividesFloatsAndDoublesAlike) {
    for (const double written : {0.1, 0.4, 0.7, 0.123456789012345, 0.99999998, 1.0, 0.0, -3.3, 1e30}) {
        const auto held = static_cast<float>(written);
        const double t = portable_threshold(held);
        EXPECT_GE(written, t);  // as a double
        EXPECT_GE(held, t);     // as a float
        EXPECT_LT(std::nextafter(held, -std::numeric_limits<float>::infinity()), t);
    }
    EXPECT_TRUE(std::isfinite(portable_threshold(std::numeric_limits<float>::lowest())));
}

}  // namespace
}  // namespace nachos::policy
