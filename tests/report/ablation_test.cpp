#include "report/ablation.h"

#include "core/error.h"
#include "policy/calibrate.h"
#include "policy/thresholds.h"
#include "report/gated_table.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>

namespace nachos::report {
namespace {

study::ArchCosts costs() { return {{90, 290}, {10, 10}, {100, 310}, {100, 300}, 1, 1}; }

MeasuredNetwork network(double easy_share, double sure) {
    return {costs(), test::gated_table(2000, easy_share, sure, core::Rng(1)),
            test::gated_table(1000, easy_share, sure, core::Rng(2))};
}

AblationSetting setting() {
    AblationSetting s;
    s.limits.max_avg_macs = 310;
    s.axes = {.min_cost = 100, .max_cost = 310, .max_error = 0.5};
    s.budgets = {105, 150, 200, 310};
    return s;
}

TEST(Ablation, FiguresOfAGateThatKnows) {
    const std::vector<MeasuredNetwork> networks{network(0.7, 2)};
    const AblationFigures f = ablation_figures(networks, setting());
    int easy = 0;
    for (int n = 0; n < 1000; ++n) easy += networks[0].test.gate_of(n, 0) > 0 ? 1 : 0;
    const double hard = 1 - easy / 1000.0;
    EXPECT_DOUBLE_EQ(f.accuracy, 1);  // who leaves is right, who stays is right
    EXPECT_DOUBLE_EQ(f.avg_macs, 100 + 210 * hard);
    EXPECT_DOUBLE_EQ(f.untuned_accuracy, 1);
    EXPECT_DOUBLE_EQ(f.untuned_avg_macs, 100 + 210 * hard);
    // The gates say sigmoid(2) = 0.881 where the exit is always right, and 0.119 where it is never.
    EXPECT_NEAR(f.gate_error, 1 - 1 / (1 + std::exp(-2.0)), 1e-6);
    EXPECT_LT(f.calibrated_error, 0.01);
    EXPECT_GT(f.hypervolume, 0.5);
    EXPECT_LT(f.max_prob_hypervolume, f.hypervolume);  // the first exit's probabilities are all alike
}

TEST(Ablation, GatesThatSayNothingCostMoreForLess) {
    std::vector<MeasuredNetwork> knows{network(0.7, 2)}, blind{network(0.7, 2)};
    for (auto* t : {&blind[0].calibration, &blind[0].test})
        for (std::size_t i = 0; i < t->gates.size(); i += 2) t->gates[i] = 0.5F;
    const AblationFigures a = ablation_figures(knows, setting()), b = ablation_figures(blind, setting());
    EXPECT_GT(a.hypervolume, b.hypervolume);
    EXPECT_DOUBLE_EQ(b.untuned_avg_macs, 100);  // all leave at once
    EXPECT_LT(b.untuned_accuracy, 0.75);
}

TEST(Ablation, BudgetsThatNothingMeetsAreAnError) {
    const std::vector<MeasuredNetwork> networks{network(0.7, 2)};
    AblationSetting s = setting();
    s.budgets = {50};
    EXPECT_THROW(ablation_figures(networks, s), Error);
}

TEST(Ablation, TextsHoldMeanAndDeviation) {
    Ablation ablation{.data = "made up", .seeds = {4, 5}, .arms = {{"none", 0, 0, {}}, {"cost", 1, 0, {}}}};
    for (AblationArm& arm : ablation.arms) {
        for (const double value : {0.8, 0.9}) {
            AblationFigures f;
            f.accuracy = value;
            f.avg_macs = 1e5 * value;
            f.hypervolume = value + (arm.name == "cost" ? 2 * value : 0);
            arm.seeds.push_back(f);
        }
    }
    const std::string table = ablation_table(ablation);
    EXPECT_NE(table.find("85.00 ± 7.07"), std::string::npos) << table;
    EXPECT_NE(table.find("85.0 ± 7.1"), std::string::npos) << table;
    EXPECT_NE(table.find("+0.0000 ± 0.0000"), std::string::npos) << table;
    EXPECT_NE(table.find("+1.7000 ± 0.1414"), std::string::npos) << table;  // of 1.6 and 1.8
    const auto json = nlohmann::json::parse(ablation_json(ablation));
    EXPECT_NEAR(json["arms"][1]["hypervolume_change"], 1.7, 1e-12);
    EXPECT_EQ(json["seeds"], (std::vector<int>{4, 5}));
    EXPECT_DOUBLE_EQ(json["arms"][1]["mean"]["accuracy"], 0.85);
    EXPECT_NEAR(json["arms"][1]["deviation"]["accuracy"], 0.0707107, 1e-6);
    EXPECT_EQ(json["arms"][1]["seeds"][1]["avg_macs"], 9e4);
    EXPECT_NE(ablation_csv(ablation).find("\ncost,1,0,5,2.7,0,0.9,90000,"), std::string::npos) << ablation_csv(ablation);
}

}  // namespace
}  // namespace nachos::report
