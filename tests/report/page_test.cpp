#include "report/page.h"

#include "core/expect_error.h"
#include "core/json_reader.h"
#include "core/temp_folder.h"
#include "report/base64.h"
#include "report/page_data.h"
#include "report/sample.h"

#include <gtest/gtest.h>

namespace nachos::report {
namespace {

using nlohmann::json;

json data_of(const Snapshot& snapshot, const Details& details = {}) { return json::parse(page_data(snapshot, details)); }

TEST(Base64, VectorsOfTheStandard) {
    const auto encoded = [](std::string_view text) {
        return base64(std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
    };
    EXPECT_EQ(encoded(""), "");
    EXPECT_EQ(encoded("f"), "Zg==");
    EXPECT_EQ(encoded("fo"), "Zm8=");
    EXPECT_EQ(encoded("foo"), "Zm9v");
    EXPECT_EQ(encoded("foobar"), "Zm9vYmFy");
    EXPECT_EQ(encoded("\xff\xfe\xfd"), "//79");
}

TEST(PageData, RowsOfTheSearchByHand) {
    const json data = data_of(test::sample_snapshot());
    EXPECT_EQ(data["schema"], 1);
    EXPECT_EQ(data["facts"]["limits"], json::parse(R"({"max_avg_macs":250000})"));
    ASSERT_EQ(data["designs"].size(), 2U);
    // budget, paper average, accuracy, worst class, average, exits of p95 and worst, threshold, exit shares
    EXPECT_EQ(data["designs"][0]["points"][0], json::parse("[3,99000,80000,70000,100000,1,1,7500,2500,7500]"));
    EXPECT_EQ(data["designs"][0]["costs"],
              json::parse(R"({"backbone":[90000,280000],"head":[5000,15000],"params":1234,"peak":50176})"));
    EXPECT_EQ(data["budgets"][7], 200000);
    EXPECT_TRUE(data["samples"].is_null());
    EXPECT_TRUE(data["comparison"]["rows"].empty());
}

TEST(PageData, LatenciesAreThereWhereTheStudyHasATable) {
    Snapshot snapshot = test::sample_snapshot();
    snapshot.facts.limits.max_avg_latency_us = 50;
    snapshot.evaluations[0].costs.latency_us = {10.00049, 30};
    const json data = data_of(snapshot);
    EXPECT_EQ(data["designs"][0]["costs"]["latency"], json::parse("[10,30]"));
    EXPECT_FALSE(data["designs"][1]["costs"].contains("latency"));
    EXPECT_EQ(data["facts"]["limits"]["max_avg_latency_us"], 50);
}

TEST(PageData, FailuresKeepTheirReasonAndHaveNoFigures) {
    Snapshot snapshot = test::sample_snapshot();
    snapshot.evaluations[0].error = "out of memory";
    const json data = data_of(snapshot);
    EXPECT_EQ(data["designs"][0]["error"], "out of memory");
    EXPECT_FALSE(data["designs"][0].contains("points"));
}

TEST(PageData, TrainedFiguresOfEachPart) {
    const json data = data_of(test::sample_trained());
    ASSERT_EQ(data["models"].size(), 1U);
    const json& point = data["models"][0]["points"][0];
    EXPECT_EQ(point["search"], 0.9);
    EXPECT_EQ(point["calibration"], json::parse("[0.92,0.82,210000,300000,300000,[0.75],[0.25,0.75]]"));
    EXPECT_EQ(point["test"][0], 0.91);
    EXPECT_EQ(data["test_reads"][0]["purpose"], "final");
}

TEST(PageData, WhatIsNotFiniteOrNotUtf8IsStillJson) {
    Snapshot snapshot = test::sample_snapshot();
    snapshot.evaluations[0].curve[0].point.accuracy = std::nan("");
    snapshot.facts.class_names = {"caf\xe9"};
    const json data = data_of(snapshot);
    EXPECT_TRUE(data["designs"][0]["points"][0][2].is_null());
    EXPECT_EQ(data["facts"]["classes"][0], "caf\uFFFD");
}

TEST(PageData, SamplesStayWithinTheirBound) {
    Details details;
    study::SampleImages samples{.height = 200, .width = 200, .channels = 3, .rows = {}, .labels = {}, .pixels = {}};
    for (int i = 0; i < 10; ++i) samples.rows.push_back(i), samples.labels.push_back(0);
    samples.pixels.resize(10 * samples.image_bytes(), 7);
    details.samples = samples;
    const json data = data_of(test::sample_trained(), details);
    EXPECT_EQ(data["samples"]["rows"].size(), 2U);  // 120,000 bytes each, 300,000 allowed
    EXPECT_EQ(data["samples"]["pixels"].get<std::string>().size(), 320000U);
}

TEST(Samples, AreReadAsWritten) {
    const nachos::test::TempFolder folder;
    const study::SampleImages samples{.height = 1,
                                      .width = 2,
                                      .channels = 3,
                                      .rows = {5, 2},
                                      .labels = {1, 0},
                                      .pixels = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255}};
    study::save_samples(folder / "samples/a.safetensors", samples);
    const study::SampleImages read = study::load_samples(folder / "samples/a.safetensors");
    EXPECT_EQ(read.rows, samples.rows);
    EXPECT_EQ(read.labels, samples.labels);
    EXPECT_EQ(read.pixels, samples.pixels);
    EXPECT_EQ(read.channels, 3);
}

TEST(Page, HoldsTheDataAndNothingThatEndsItsElement) {
    if (!has_page()) GTEST_SKIP() << "built without npm";
    Snapshot snapshot = test::sample_trained();
    snapshot.facts.data = "</script><b>";
    const std::string html = page(page_data(snapshot, {}));
    EXPECT_NE(html.find("\\u003c/script>\\u003cb>"), std::string::npos);
    EXPECT_EQ(html.find("</script><b>"), std::string::npos);
    for (const char* forbidden : {"src=\"http", "href=\"http", "@import", "url(http"})
        EXPECT_EQ(html.find(forbidden), std::string::npos) << forbidden;
}

TEST(Page, WithoutOneSaysWhatToDo) {
    if (has_page()) GTEST_SKIP() << "built with it";
    nachos::test::expect_error(ErrorKind::usage, {"install npm"}, [] { page("null"); });
}

}  // namespace
}  // namespace nachos::report
