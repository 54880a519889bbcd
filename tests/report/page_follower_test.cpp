#include "report/page_follower.h"

#include "study/folder.h"
#include "study/some_study.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>

// The page of a study that grows is, at every step, the page that is made of it from scratch.

namespace nachos::report {
namespace {

using nlohmann::json;
using study::Evaluation;
using study::Study;
using study::test::kConfig;
using study::test::some_evaluations;
namespace fs = std::filesystem;

Evaluation failed(Evaluation e) {
    e.error = "out of memory";
    e.curve.clear();
    return e;
}

class Following : public testing::Test {
  protected:
    std::string from_scratch() const { return page_data(Study::open_readonly(folder_)); }
    /// How many texts of designs the next page took; it must be what is made from scratch.
    std::size_t made() {
        const std::size_t before = follower_.made();
        EXPECT_EQ(follower_.page_data(), from_scratch());
        return follower_.made() - before;
    }

    const nachos::test::TempFolder temp_;
    const fs::path folder_ = temp_ / "study";
    const std::vector<Evaluation> all_ = some_evaluations(40);
    PageFollower follower_{folder_};
};

TEST_F(Following, IsTheSamePageAndOnlyWhatIsNewIsMade) {
    Study study = Study::create_or_resume(folder_, kConfig);
    study.put_facts(study::realistic_facts());
    EXPECT_EQ(made(), 0U);  // nothing measured: no space to name
    study::test::append(study, some_evaluations(30));
    EXPECT_EQ(made(), 30U);
    EXPECT_EQ(made(), 0U);
    study.append("k30", all_[30]);
    EXPECT_EQ(made(), 1U);
    study.publish();
    EXPECT_EQ(made(), 0U);  // a new copy has nothing new
    study.append("k31", failed(all_[31]));
    study.append("k2", failed(all_[2]));
    EXPECT_EQ(made(), 2U);
    study.append("k31", all_[31]);
    study.put_history({.evaluations = 32, .hypervolume = 0.5, .feasible_share = 1});
    study.publish();
    EXPECT_EQ(made(), 1U);
    EXPECT_NE(follower_.page_data().find("\"history\":[{\"evaluations\":32,"), std::string::npos);
}

TEST_F(Following, BudgetsAreThoseOfTheLastWhoNamesThem) {
    Study study = Study::create_or_resume(folder_, kConfig);
    study.put_facts(study::realistic_facts());
    study.append("k0", all_[0]);
    EXPECT_EQ(made(), 1U);
    Evaluation other = all_[1];
    other.curve.resize(2);
    other.curve[0].budget_index = 40;
    other.curve[1].budget_macs = 12345;
    study.append("k1", other);
    EXPECT_EQ(made(), 1U);
    const json budgets = json::parse(follower_.page_data()).at("budgets");
    EXPECT_EQ(budgets.size(), 41U);
    EXPECT_EQ(budgets[1], 12345);
    EXPECT_EQ(budgets[2], std::llround(all_[0].curve[2].budget_macs));
    EXPECT_EQ(budgets[20], 0);  // nobody names it
}

TEST_F(Following, TheHighestFidelityJudgesOnceItIsThere) {
    auto facts = study::realistic_facts();
    facts.fidelity = "inherit,finetune:1";
    Study study = Study::create_or_resume(folder_, kConfig);
    study.put_facts(facts);
    study::test::append(study, some_evaluations(4));
    EXPECT_EQ(made(), 4U);
    Evaluation tuned = all_[0];
    tuned.fidelity = "finetune:1";
    study.append("tuned", tuned);
    EXPECT_EQ(made(), 1U);
    EXPECT_EQ(json::parse(follower_.page_data()).at("designs").size(), 1U);
}

TEST_F(Following, AStudyBegunAnewIsAnother) {
    {
        Study study = Study::create_or_resume(folder_, kConfig);
        study.put_facts(study::realistic_facts());
        study::test::append(study, some_evaluations(5));
        EXPECT_EQ(made(), 5U);
    }
    Study study = Study::create_or_resume(folder_, kConfig, {.overwrite = true});
    study.put_facts(study::realistic_facts());
    study.append("k0", all_[9]);
    study.append("k1", all_[1]);
    EXPECT_EQ(made(), 1U);  // the second row is as it was
    EXPECT_EQ(follower_.page_data().find(arch::arch_id(all_[2].arch)), std::string::npos);
}

TEST_F(Following, WhatCannotBeReadIsSaidAndThenItGoesOn) {
    const auto refused = [&] { return study::test::refusal(ErrorKind::bad_data, [&] { follower_.page_data(); }); };
    {
        Study study = Study::create_or_resume(folder_, kConfig);
        study.append("k0", all_[0]);
        study.publish();
        EXPECT_EQ(refused(),
                  fmt::format("the study in {} stopped before its data was read; run the search again", folder_.string()));
        study.put_facts(study::realistic_facts());
        EXPECT_EQ(made(), 1U);
        study::test::append(study, some_evaluations(5), 1);
    }
    EXPECT_EQ(made(), 4U);
    const std::string whole = core::read_file(folder_ / study::kSnapshotFile);
    study::test::cut(folder_ / study::kSnapshotFile, 0.5);
    EXPECT_NE(refused().find("is damaged or no database"), std::string::npos);
    core::write_file_atomic(folder_ / study::kSnapshotFile, whole);
    EXPECT_EQ(made(), 0U);  // nothing of what was known is lost
}

}  // namespace
}  // namespace nachos::report
