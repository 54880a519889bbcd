#include "cli/program.h"
#include "core/rng.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <numeric>

namespace nachos::cli {
namespace {

using nlohmann::json;
using test::Outcome;
using test::run_program;

constexpr const char* kCosts = R"({"unit": "macs", "executed": [100, 300, 700]})";

/// `rows` samples, 3 exits, confidences as Python prints doubles.
std::string made_up_table(std::uint64_t seed, int rows) {
    core::Rng rng(seed);
    std::string text = "label,pred_1,conf_1,pred_2,conf_2,pred_3,conf_3\n";
    for (int n = 0; n < rows; ++n) {
        const double ease = rng.uniform();
        const int label = rng.between(0, 3);
        text += std::to_string(label);
        for (int i = 0; i < 3; ++i) {
            const double p = std::min(1.0, ease + 0.2 * i);
            text += fmt::format(",{},{:.17g}", rng.chance(p) ? label : 4, 0.5 * p + 0.5 * rng.uniform());
        }
        text += "\n";
    }
    return text;
}

class Tune : public testing::Test {
  protected:
    Tune() {
        core::write_file_atomic(table_, made_up_table(1, 500));
        core::write_file_atomic(other_, made_up_table(2, 300));
        core::write_file_atomic(costs_, kCosts);
    }
    Outcome run(std::vector<std::string> options) const {
        const std::vector<std::string> head{"tune", table_, "--costs", costs_};
        options.insert(options.begin(), head.begin(), head.end());
        return run_program("nachos", options);
    }
    void expect_refusal(const std::vector<std::string>& options, int exit_code, const std::string& sentence) const {
        const Outcome outcome = run(options);
        EXPECT_EQ(outcome.exit_code, exit_code) << sentence;
        EXPECT_EQ(outcome.sentence(), sentence + "\n");
        EXPECT_EQ(outcome.out, "");
    }

    const test::TempFolder folder_;
    const std::string table_ = (folder_ / "table.csv").string();
    const std::string other_ = (folder_ / "other.csv").string();
    const std::string costs_ = (folder_ / "costs.json").string();
};

/// Runs thresholds over the text of a table in doubles, as a user's own program would.
struct Figures {
    double accuracy = 0;
    double avg_cost = 0;
};
Figures measured(const std::string& text, const json& thresholds) {
    const std::vector<double> cost{100, 300, 700};
    Figures sums;
    int rows = 0;
    for (std::size_t at = text.find('\n') + 1; at < text.size(); at = text.find('\n', at) + 1) {
        std::vector<double> fields;
        const char* next = text.c_str() + at;
        for (char* end = nullptr; fields.size() < 7; next = end + 1) fields.push_back(std::strtod(next, &end));
        std::size_t exit = 0;
        while (exit < 2 && (thresholds[exit].is_null() || fields[2 + 2 * exit] < thresholds[exit].get<double>())) ++exit;
        sums.accuracy += fields[1 + 2 * exit] == fields[0] ? 1 : 0;
        sums.avg_cost += cost[exit];
        ++rows;
    }
    return {sums.accuracy / rows, sums.avg_cost / rows};
}

TEST_F(Tune, JsonHoldsForAUsersOwnArithmetic) {
    const Outcome outcome = run({"--max-avg-cost", "300", "--report", other_, "--format", "json"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const json out = json::parse(outcome.out);
    ASSERT_GT(out["front"].size(), 10U);
    for (const json& p : out["front"]) {
        const Figures own = measured(made_up_table(1, 500), p["thresholds"]);
        EXPECT_DOUBLE_EQ(own.accuracy, p["accuracy"]);
        EXPECT_DOUBLE_EQ(own.avg_cost, p["avg_cost"]);
        const std::vector<double> shares = p["exit_share"];
        EXPECT_NEAR(std::accumulate(shares.begin(), shares.end(), 0.0), 1, 1e-12);
    }
    const json& best = out["best"];
    EXPECT_LE(best["avg_cost"], 300);
    for (const char* key : {"accuracy", "avg_cost"}) {
        EXPECT_LT(best["ci95"][key][0], best[key]);
        EXPECT_GT(best["ci95"][key][1], best[key]);
    }
    const Figures unseen = measured(made_up_table(2, 300), best["thresholds"]);
    EXPECT_EQ(out["report"]["thresholds"], best["thresholds"]);
    EXPECT_DOUBLE_EQ(unseen.accuracy, out["report"]["accuracy"]);
    EXPECT_DOUBLE_EQ(unseen.avg_cost, out["report"]["avg_cost"]);
    EXPECT_GT(out["solver_ms"], 0);
}

TEST_F(Tune, TheBoundIsStricterThanTheMean) {
    const auto best = [&](std::vector<std::string> options) {
        options.insert(options.end(), {"--max-avg-cost", "200", "--format", "json"});
        return json::parse(run(options).out)["best"];
    };
    EXPECT_LT(best({"--confidence", "0.95"})["avg_cost"], best({})["avg_cost"]);
    EXPECT_TRUE(json::parse(run({"--format", "json"}).out)["report"].is_null());
}

TEST_F(Tune, TableAndCsv) {
    const std::string table = run({"--max-avg-cost", "300", "--report", other_}).out;
    for (const char* part : {"front: 12 of", "costs in macs", "\nbest (500 samples)\n", "\nreport (300 samples)\n"})
        EXPECT_NE(table.find(part), std::string::npos) << part;
    const std::string csv = run({"--max-avg-cost", "300", "--format", "csv"}).out;
    EXPECT_TRUE(
        csv.starts_with("row,threshold_1,threshold_2,accuracy,avg_cost,exit_share_1,exit_share_2,exit_share_3\nfront,"));
    EXPECT_NE(csv.find("\nbest,"), std::string::npos);
}

TEST_F(Tune, WhatCannotBeMetIsToldByHowMuch) {
    core::write_file_atomic(table_, "label,pred_1,conf_1,pred_2,conf_2,pred_3,conf_3\n0,0,0.5,0,1,0,1\n");
    expect_refusal({"--max-avg-cost", "80", "--max-p95-cost", "50"}, 3,
                   "no thresholds meet the limits; the nearest (0.5 1):\n"
                   "  max_avg_cost is 100, allowed is 80 (off by 20, 25.0 %)\n"
                   "  max_p95_cost is 100, allowed is 50 (off by 50, 100.0 %)");
}

TEST_F(Tune, BadInputIsOneSentence) {
    expect_refusal({"--max-avg-cost", "-1"}, 2, "max_avg_cost is -1, a finite number above 0 is required");
    expect_refusal({"--min-accuracy", "1.5"}, 2, "min_accuracy is 1.5, allowed are 0 to 1");
    expect_refusal({"--confidence", "0.95"}, 2, "--confidence requires --max-avg-cost; see nachos tune --help");
    core::write_file_atomic(other_, "label,pred_1,conf_1,pred_2\n0,0,0.5,0\n");
    expect_refusal({"--report", other_}, 4, other_ + ": has 2 exits, " + table_ + " has 3");
    core::write_file_atomic(costs_, R"({"unit": "macs", "executed": [1, 2]})");
    expect_refusal({}, 4, costs_ + ": key 'executed' holds 2 costs, the table has 3 exits, one cost each is required");
    core::write_file_atomic(table_, "label,pred_1,conf_1,pred_2\n0,0,0.5,0\n0,0,nan,0\n");
    expect_refusal({}, 4, table_ + ", line 3, column 3 (conf_1): 'nan' is not a finite number (of float's range)");
}

TEST_F(Tune, OneExitHasOnePoint) {
    core::write_file_atomic(table_, "label,pred_1\n1,1\n0,1\n");
    core::write_file_atomic(costs_, R"({"unit": "us", "executed": [2.5]})");
    const json out = json::parse(run({"--format", "json"}).out);
    ASSERT_EQ(out["front"].size(), 1U);
    EXPECT_EQ(out["front"][0], json::parse(R"({"thresholds": [], "accuracy": 0.5, "avg_cost": 2.5, "exit_share": [1.0]})"));
    EXPECT_EQ(run({}).exit_code, 0);
    EXPECT_EQ(run({"--format", "csv"}).exit_code, 0);
}

TEST_F(Tune, StartsAtOnce) { test::expect_fast("nachos", {"tune", table_, "--costs", costs_, "--max-avg-cost", "300"}); }

}  // namespace
}  // namespace nachos::cli
