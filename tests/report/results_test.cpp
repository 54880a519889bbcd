#include "report/results.h"

#include "report/number_text.h"
#include "report/sample.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace nachos::report {
namespace {

TEST(NumberText, CountsBytesAndShares) {
    EXPECT_EQ(count_text(7), "7");
    EXPECT_EQ(count_text(412300), "412.3 k");
    EXPECT_EQ(count_text(999960), "1.00 M");
    EXPECT_EQ(count_text(3935184), "3.94 M");
    EXPECT_EQ(short_count_text(500000), "500 k");
    EXPECT_EQ(bytes_text(512), "512 B");
    EXPECT_EQ(bytes_text(24576), "24.6 kB");
    EXPECT_EQ(time_text(12.34), "12.3 us");
    EXPECT_EQ(time_text(1234.0), "1.23 ms");
    EXPECT_EQ(time_text(std::optional<double>()), "-");
    EXPECT_EQ(percent_text(0.9123), "91.23 %");
    EXPECT_EQ(percent_text(std::optional<double>()), "-");
    EXPECT_EQ(thresholds_text({0.8333, std::nullopt, 1.0}), "0.833 off 1");
    EXPECT_EQ(shares_text({0.25, 0.75}), "25 75");
}

TEST(Results, SearchedDesignsAreTheAdmissibleFront) {
    const auto snapshot = test::sample_snapshot();
    const auto r = results(snapshot, snapshot.facts.limits);
    ASSERT_EQ(r.designs.size(), 2u);  // 150 k is dominated, 300 k is above the limit
    EXPECT_EQ(r.designs[0].id, arch::arch_id(test::sample_arch(1)) + "-03");
    EXPECT_EQ(r.designs[0].search_accuracy, 0.8);
    EXPECT_FALSE(r.designs[0].calibration_accuracy);
    EXPECT_FALSE(r.designs[0].trained());
    EXPECT_EQ(r.designs[1].point.avg_cost, 200000);
    EXPECT_TRUE(r.nearest.empty());
}

TEST(Results, OtherLimitsNeedNoRerun) {
    const auto snapshot = test::sample_snapshot();
    study::Limits wider;
    EXPECT_EQ(results(snapshot, wider).designs.size(), 3u);
    wider.min_accuracy = 0.93;
    EXPECT_EQ(results(snapshot, wider).designs.size(), 1u);
}

TEST(Results, TrainedDesignsComeFirstByTheirCalibrationFigures) {
    const auto snapshot = test::sample_trained();
    const auto r = results(snapshot, snapshot.facts.limits);
    ASSERT_EQ(r.designs.size(), 1u);
    EXPECT_EQ(r.designs[0].measure, "gate");
    EXPECT_EQ(r.designs[0].search_accuracy, 0.9);
    EXPECT_EQ(r.designs[0].calibration_accuracy, 0.92);
    EXPECT_EQ(r.designs[0].test_accuracy, 0.91);
    EXPECT_EQ(r.designs[0].point.avg_cost, 210000);
    EXPECT_EQ(results(snapshot, snapshot.facts.limits, Stage::searched).designs.size(), 2u);
}

TEST(Results, NothingAdmissibleNamesTheNearestAndTheGap) {
    const auto snapshot = test::sample_snapshot();
    study::Limits limits;
    limits.max_avg_macs = 80000;
    const auto r = results(snapshot, limits);
    EXPECT_TRUE(r.designs.empty());
    ASSERT_FALSE(r.nearest.empty());
    const auto& broken = r.nearest[0].violations;
    const auto average = std::find_if(broken.begin(), broken.end(), [](const auto& v) { return v.got == 100000; });
    ASSERT_NE(average, broken.end());
    EXPECT_EQ(violation_text(*average), "max_avg_macs is 100.0 k, 25.0 % above 80.0 k");
    EXPECT_EQ(violation_text({"min_accuracy", 0.8, 0.9, 0.1 / 0.9}), "min_accuracy is 80.00 %, 11.1 % below 90.00 %");
}

TEST(Results, JsonKeepsTheContract) {
    const auto snapshot = test::sample_trained();
    const auto text = pareto_json(results(snapshot, snapshot.facts.limits));
    EXPECT_EQ(text, pareto_json(results(snapshot, snapshot.facts.limits)));
    const auto json = nlohmann::ordered_json::parse(text);
    std::vector<std::string> keys;
    for (const auto& [key, value] : json.items()) keys.push_back(key);
    for (const auto& [key, value] : json["designs"][0].items()) keys.push_back(key);
    EXPECT_EQ(keys, (std::vector<std::string>{"hypervolume", "hypervolume_axes", "limits", "designs", "id", "arch",
                                              "measure", "thresholds", "accuracy", "avg_macs", "avg_macs_paper", "p95_macs",
                                              "worst_macs", "params", "peak_activation_bytes", "exit_share", "admissible"}));
    const auto& design = json["designs"][0];
    EXPECT_EQ(design["accuracy"].dump(), R"({"search":0.9,"calibration":0.92,"test":0.91})");
    EXPECT_EQ(design["worst_macs"].dump(), "300000");
    EXPECT_EQ(design["avg_macs"], 210000);
    EXPECT_EQ(design["arch"]["space"], "mbv3-small");
    EXPECT_TRUE(json["limits"]["min_accuracy"].is_null());
}

TEST(Results, CsvAndTableHaveOneRowADesign) {
    const auto snapshot = test::sample_snapshot();
    const auto r = results(snapshot, snapshot.facts.limits);
    const auto lines = [](const std::string& text) { return std::count(text.begin(), text.end(), '\n'); };
    EXPECT_EQ(lines(pareto_csv(r)), 3);
    EXPECT_NE(pareto_csv(r).find(",0.8,,,100000,99000,300000,300000,1234,50176,max_prob,0.75,0.25;0.75,true\n"),
              std::string::npos)
        << pareto_csv(r);
    const std::string table = pareto_table(r);
    EXPECT_EQ(lines(table), 3);
    EXPECT_NE(table.find("80.00 %        -     -   100.0 k  300.0 k  300.0 k  1.23 k  50.2 kB  25 75             0.75\n"),
              std::string::npos)
        << table;
}

TEST(Results, LatenciesAreShownWhereThereAreAny) {
    auto snapshot = test::sample_trained();
    const auto keys = [&] {
        return nlohmann::json::parse(pareto_json(results(snapshot, snapshot.facts.limits)))["designs"][0];
    };
    EXPECT_FALSE(keys().contains("avg_latency_us"));
    EXPECT_EQ(pareto_table(results(snapshot, {})).find("latency"), std::string::npos);
    EXPECT_EQ(pareto_csv(results(snapshot, {})).find("latency"), std::string::npos);
    snapshot.models[0].costs.latency_us = {40, 100};  // a quarter leaves first
    snapshot.models[0].costs.measured_latency_us = {48, 104};
    EXPECT_EQ(keys()["avg_latency_us"], 85);
    EXPECT_EQ(keys()["exit_latency_us"], nlohmann::json::parse("[40.0,100.0]"));
    EXPECT_FALSE(keys().contains("measured_avg_latency_us"));  // no time is in pareto.json
    const std::string table = pareto_table(results(snapshot, {}));
    EXPECT_NE(table.find("avg latency"), std::string::npos) << table;
    EXPECT_NE(table.find("85.0 us"), std::string::npos) << table;
    EXPECT_NE(table.find("90.0 us"), std::string::npos) << table;
    const std::string csv = pareto_csv(results(snapshot, {}));
    EXPECT_NE(csv.find("admissible,avg_latency_us,measured_avg_latency_us\n"), std::string::npos) << csv;
    EXPECT_NE(csv.find(",true,85,90\n"), std::string::npos) << csv;
    study::Limits limits;
    limits.max_avg_latency_us = 80;
    const auto r = results(snapshot, limits);
    EXPECT_TRUE(r.designs.empty());
    ASSERT_EQ(r.nearest.size(), 1U);
    EXPECT_EQ(violation_text(r.nearest[0].violations[0]), "max_avg_latency_us is 85.0 us, 6.2 % above 80.0 us");
}

}  // namespace
}  // namespace nachos::report
