#include "report/comparison.h"

#include "report/html.h"
#include "report/sample.h"

#include <gtest/gtest.h>

namespace nachos::report {
namespace {

study::TrainedModel plain_model(double calibration, double test) {
    const study::Evaluation e = test::sample_snapshot().evaluations[1];
    study::TrainedModel m;
    m.arch = arch::without_exits(e.arch);
    m.name = "no-exits-" + arch::arch_id(m.arch);
    m.comparator = true;
    m.measure = "max_prob";
    m.costs = {{280000}, {15000}, {295000}, {295000}, 1200, 50176};
    policy::OperatingPoint whole{{}, calibration, 0.8, 295000, 295000, 295000, 295000, {1}};
    m.points = {{15, 295000, 295000, {}, whole, whole}};
    m.points[0].test->accuracy = test;
    return m;
}

Comparison compare(Snapshot snapshot, double calibration, double test) {
    snapshot.models.push_back(plain_model(calibration, test));
    return comparison(snapshot, results(snapshot, snapshot.facts.limits));
}

TEST(Comparison, NothingWithoutComparators) {
    const Snapshot s = test::sample_trained();
    const Comparison c = comparison(s, results(s, s.facts.limits));
    EXPECT_TRUE(c.rows.empty());
    EXPECT_FALSE(c.saving);
}

TEST(Comparison, TheDesignComesFirstAndFiguresAreThoseOfTheTestSplit) {
    const Comparison c = compare(test::sample_trained(), 0.921, 0.915);
    ASSERT_EQ(c.rows.size(), 2U);
    EXPECT_EQ(c.rows[0].summary, "the best design");
    EXPECT_EQ(c.rows[0].test_accuracy, 0.91);
    EXPECT_EQ(c.rows[0].avg_macs, 205000);
    EXPECT_EQ(c.rows[1].name, "no-exits");
    EXPECT_EQ(c.rows[1].test_accuracy, 0.915);
    EXPECT_EQ(c.rows[1].params, 1200);
    const std::string table = comparison_table(c);
    EXPECT_NE(table.find("no-exits"), std::string::npos);
    EXPECT_NE(table.find("the same network without exits\n"), std::string::npos) << table;
}

TEST(Comparison, SavingIsToldOfTheTest) {
    const Comparison c = compare(test::sample_trained(), 0.921, 0.915);
    ASSERT_TRUE(c.saving);
    const std::string id = test::sample_trained().models[0].name + "-07";
    EXPECT_EQ(
        saving_text(*c.saving),
        "Early exits save 30.5 % of the average MACs of the same network without exits, at 0.50 points less accuracy (" +
            id + ": 91.00 % at 205.0 k MACs; without exits: 91.50 % at 295.0 k).");
    Snapshot dearer = test::sample_trained();
    dearer.models[0].points[0].test->avg_cost = 296000;
    EXPECT_TRUE(saving_text(*compare(dearer, 0.92, 0.915).saving)
                    .starts_with("Early exits do not pay here: they save no MACs (" + id + ": "));
}

TEST(Comparison, WhatAnEarlierBestDesignWasComparedWithIsLeftOut) {
    Snapshot s = test::sample_trained();
    s.models.push_back(plain_model(0.92, 0.915));
    s.models.back().arch.width[0] = 8;
    EXPECT_TRUE(comparison(s, results(s, s.facts.limits)).rows.empty());
}

TEST(Comparison, StandsInTheReport) {
    Snapshot s = test::sample_trained();
    s.models.push_back(plain_model(0.92, 0.915));
    const std::string page = html_report(s);
    EXPECT_NE(page.find("Compared with"), std::string::npos);
    EXPECT_NE(page.find("Early exits save 30.5 %"), std::string::npos);
}

}  // namespace
}  // namespace nachos::report
