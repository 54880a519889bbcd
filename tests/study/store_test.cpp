#include "study/store.h"

#include "core/files.h"
#include "core/temp_folder.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

namespace nachos::study {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfig = "seed = 1\n\n[search]\nengine = \"nsga2\"\nevaluations = 40\n";

constexpr const char* kNoCopy = "; put a copy in its place, or begin anew (search --overwrite)";

class Store : public testing::Test {
  protected:
    void write(const std::string& name, const std::string& content) {
        fs::create_directories(folder_);
        std::ofstream(folder_ / name, std::ios::binary) << content;
    }

    const test::TempFolder temp_;
    const fs::path folder_ = temp_ / "study";
};

arch::ArchSpec spec(int depth) {
    arch::ArchSpec s;
    s.space = "mbv3-small";
    s.depth = {depth, 1, 1};
    s.width = {16, 24, 24};
    s.kernel = std::vector<int>(static_cast<std::size_t>(depth) + 2, 3);
    s.expand = s.kernel;
    s.exits = {{.placed = true, .convs = 1, .width = 16, .pool = 2}, {.placed = true}};
    return s;
}

Evaluation evaluation(int depth) {
    Evaluation e;
    e.arch = spec(depth);
    e.fidelity = "inherit";
    e.costs = {{10, 20, 30}, {1, 1, 2}, {11, 22, 34}, {11, 21, 32}, 7, 99};
    CurvePoint point;
    point.budget_index = 3;
    point.budget_macs = 1.0 / 3;
    point.avg_macs_paper = 0.1;
    point.point = {{0.7, std::nullopt}, 0.9, 0.8, 12.5, 12.75, 34, 34, {0.25, 0, 0.75}};
    e.curve = {point};
    e.table_file = "tables/a.safetensors";
    e.seconds = 0.5;
    return e;
}

template <class Action>
std::string refusal(ErrorKind kind, Action action) {
    try {
        action();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), kind) << error.what();
        return error.what();
    }
    return "accepted";
}

TEST_F(Store, EvaluationsReadBackExactlyAndInOrder) {
    {
        Study study = Study::create_or_resume(folder_, kConfig);
        study.append("k2", evaluation(2));
        Evaluation failed;
        failed.arch = spec(1);
        failed.error = "loss is not finite";
        study.append("k1", failed);
    }
    const Study study = Study::open_readonly(folder_);
    const auto all = study.evaluations();
    ASSERT_EQ(all.size(), 2u);
    const Evaluation expected = evaluation(2);
    EXPECT_EQ(all[0].arch, expected.arch);
    EXPECT_EQ(all[0].costs.paper_macs, expected.costs.paper_macs);
    EXPECT_EQ(all[0].costs.peak_activation_bytes, 99);
    ASSERT_EQ(all[0].curve.size(), 1u);
    EXPECT_EQ(all[0].curve[0].budget_macs, 1.0 / 3);
    EXPECT_EQ(all[0].curve[0].point.thresholds, expected.curve[0].point.thresholds);
    EXPECT_EQ(all[0].curve[0].point.exit_share, expected.curve[0].point.exit_share);
    EXPECT_EQ(all[0].table_file, expected.table_file);
    EXPECT_EQ(all[0].seconds, 0.5);
    EXPECT_EQ(all[1].error, "loss is not finite");
    EXPECT_FALSE(all[1].ok());
}

TEST_F(Store, AResumedStudyFindsWhatItHasByKey) {
    Study::create_or_resume(folder_, kConfig).append("k1", evaluation(1));
    Study study = Study::create_or_resume(folder_, kConfig);
    ASSERT_TRUE(study.find("k1"));
    EXPECT_EQ(study.find("k1")->arch, spec(1));
    EXPECT_FALSE(study.find("k2"));
}

TEST_F(Store, TheSameKeyReplacesWhereItStands) {
    Study study = Study::create_or_resume(folder_, kConfig);
    Evaluation failed = evaluation(1);
    failed.error = "out of memory";
    study.append("k1", failed);
    study.append("k2", evaluation(2));
    study.append("k1", evaluation(1));
    const auto all = study.evaluations();
    ASSERT_EQ(all.size(), 2u);
    EXPECT_TRUE(all[0].ok());
    EXPECT_EQ(all[0].arch, spec(1));
}

TEST_F(Store, ModelsHistoryFactsAndTestReadsReadBack) {
    Study study = Study::create_or_resume(folder_, kConfig);
    TrainedModel model{"abc", false, spec(1), "max_prob", evaluation(1).costs, "models/abc.safetensors", {}};
    model.points = {{2, 50.5, 49, 0.91, evaluation(1).curve[0].point, std::nullopt}};
    study.put_model(model);
    model.points[0].test = evaluation(1).curve[0].point;
    study.put_model(model);
    const HistoryStep first{.evaluations = 16, .hypervolume = 0.3, .feasible_share = 0.5};
    const HistoryStep second{.evaluations = 32,
                             .hypervolume = 0.5,
                             .feasible_share = 0.75,
                             .seconds = 1.5,
                             .error_model = "gp",
                             .error_kendall = 0.8,
                             .error_rmse = 0.01,
                             .cost_model = "mean",
                             .cost_kendall = 0.9,
                             .cost_rmse = 0.02};
    study.put_history({.evaluations = 16, .hypervolume = 0.25, .feasible_share = 0.5});
    study.put_history(second);
    study.put_history(first);
    study.record_test_read("final");
    Facts facts;
    facts.data = "synthetic";
    facts.class_names = {"a", "<b>"};
    facts.limits.min_accuracy = 0.88;
    study.put_facts(facts);

    const auto models = study.models();
    ASSERT_EQ(models.size(), 1u);
    EXPECT_EQ(models[0].points[0].search_accuracy, 0.91);
    ASSERT_TRUE(models[0].points[0].test);
    EXPECT_EQ(models[0].points[0].test->avg_cost, 12.5);
    EXPECT_EQ(study.history(), (std::vector<HistoryStep>{first, second}));
    ASSERT_EQ(study.test_reads().size(), 1u);
    EXPECT_EQ(study.test_reads()[0].purpose, "final");
    EXPECT_EQ(study.test_reads()[0].time.size(), std::string("2024-01-01T00:00:00Z").size());
    EXPECT_EQ(study.facts().class_names, facts.class_names);
    EXPECT_EQ(study.facts().limits.min_accuracy, 0.88);
    EXPECT_FALSE(study.facts().limits.max_avg_macs);
}

TEST_F(Store, AnotherConfigurationIsRefusedNamingTheKeyButBudgetsMayGrow) {
    Study::create_or_resume(folder_, kConfig);
    const std::string more = "seed = 1\n\n[search]\nengine = \"nsga2\"\nevaluations = 80\n";
    EXPECT_EQ(Study::create_or_resume(folder_, more).config(), more);
    EXPECT_EQ(core::read_file(folder_ / "config.toml"), more);
    const std::string other = "seed = 1\n\n[search]\nengine = \"random\"\nevaluations = 80\n";
    EXPECT_EQ(
        refusal(ErrorKind::usage, [&] { Study::create_or_resume(folder_, other); }),
        fmt::format("the study in {} was made with another configuration: search.engine is \"nsga2\" there, \"random\" now",
                    folder_.string()));
    const std::string longer = more + "initial = 8\n";
    EXPECT_EQ(refusal(ErrorKind::usage, [&] { Study::create_or_resume(folder_, longer); }),
              fmt::format("the study in {} was made with another configuration: search.initial is absent there, 8 now",
                          folder_.string()));
}

TEST_F(Store, AFolderWithSomethingElseIsRefusedAndLeftAlone) {
    write("photo.jpg", "x");
    EXPECT_EQ(
        refusal(ErrorKind::usage, [&] { Study::create_or_resume(folder_, kConfig); }),
        fmt::format("{} is not empty and holds no study (it has photo.jpg); name a new or empty folder", folder_.string()));
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
}

TEST_F(Store, AFileInPlaceOfAFolderIsRefused) {
    write("file", "x");
    const fs::path file = folder_ / "file";
    EXPECT_EQ(refusal(ErrorKind::usage, [&] { Study::create_or_resume(file, kConfig); }),
              fmt::format("{} is a file, a folder for the study is needed", file.string()));
}

TEST_F(Store, ASecondWriterIsRefusedAndReadersAreNot) {
    Study writer = Study::create_or_resume(folder_, kConfig);
    writer.append("k1", evaluation(1));
    EXPECT_EQ(refusal(ErrorKind::usage, [&] { Study::create_or_resume(folder_, kConfig); }),
              fmt::format("the study in {} is being written by process {}; a second writer is refused", folder_.string(),
                          ::getpid()));
    writer.publish();
    const Study reader = Study::open_readonly(folder_);
    EXPECT_EQ(reader.evaluations().size(), 1u);
    writer.append("k2", evaluation(2));
    writer.publish();
    EXPECT_EQ(reader.evaluations().size(), 1u);  // as it was when it was opened
    EXPECT_EQ(Study::open_readonly(folder_).evaluations().size(), 2u);
}

TEST_F(Store, WhatAKilledWriterHadStoredIsThere) {
    const pid_t child = ::fork();
    if (child == 0) {
        Study study = Study::create_or_resume(folder_, kConfig);
        study.append("k1", evaluation(1));
        ::kill(::getpid(), SIGKILL);
    }
    ::waitpid(child, nullptr, 0);
    EXPECT_TRUE(Study::create_or_resume(folder_, kConfig).find("k1"));
    EXPECT_EQ(Study::open_readonly(folder_).evaluations().size(), 1u);
}

TEST_F(Store, AStudyKilledBeforeItsFirstTableBeginsAnew) {
    write("study.db", "");
    write("study.lock", "");
    EXPECT_EQ(refusal(ErrorKind::bad_data, [&] { Study::open_readonly(folder_); }),
              fmt::format("{} is not the database of a nachos study", (folder_ / "study.db").string()));
    EXPECT_EQ(Study::create_or_resume(folder_, kConfig).config(), kConfig);
}

TEST_F(Store, OverwriteBeginsAnewAndTouchesOnlyOurFiles) {
    Study::create_or_resume(folder_, kConfig).append("k1", evaluation(1));
    write("notes.txt", "mine");
    write("tables/a.safetensors", "x");
    Study study = Study::create_or_resume(folder_, "seed = 2\n", {.overwrite = true});
    EXPECT_TRUE(study.evaluations().empty());
    EXPECT_EQ(study.config(), "seed = 2\n");
    EXPECT_TRUE(fs::exists(folder_ / "notes.txt"));
    EXPECT_FALSE(fs::exists(folder_ / "tables" / "a.safetensors"));
}

TEST_F(Store, ResumeOnlyAndViewersNeedAStudy) {
    const std::string absent = fmt::format("there is no study in {} (it has no study.db)", folder_.string());
    EXPECT_EQ(refusal(ErrorKind::usage, [&] { Study::create_or_resume(folder_, kConfig, {.resume_only = true}); }), absent);
    EXPECT_EQ(refusal(ErrorKind::usage, [&] { Study::open_readonly(folder_); }), absent);
    EXPECT_FALSE(fs::exists(folder_));
}

TEST_F(Store, ForeignDatabasesAreRefusedAndLeftAlone) {
    write("study.db", "this is not a database, but long enough to be looked at as one by a reader of headers........");
    EXPECT_EQ(
        refusal(ErrorKind::bad_data, [&] { Study::open_readonly(folder_); }),
        fmt::format("{} is damaged or no database: file is not a database{}", (folder_ / "study.db").string(), kNoCopy));
    fs::remove(folder_ / "study.db");
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open((folder_ / "study.db").c_str(), &db), SQLITE_OK);
    sqlite3_exec(db, "CREATE TABLE trials (id INTEGER)", nullptr, nullptr, nullptr);
    sqlite3_close(db);
    const std::string before = core::read_file(folder_ / "study.db");
    EXPECT_EQ(refusal(ErrorKind::bad_data, [&] { Study::create_or_resume(folder_, kConfig); }),
              fmt::format("{} is not the database of a nachos study", (folder_ / "study.db").string()));
    EXPECT_EQ(core::read_file(folder_ / "study.db"), before);
}

TEST_F(Store, AnotherSchemaVersionIsRefused) {
    Study::create_or_resume(folder_, kConfig);
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open((folder_ / "snapshot.db").c_str(), &db), SQLITE_OK);
    sqlite3_exec(db, "PRAGMA user_version = 9", nullptr, nullptr, nullptr);
    sqlite3_close(db);
    EXPECT_EQ(refusal(ErrorKind::bad_data, [&] { Study::open_readonly(folder_); }),
              fmt::format("{} has schema version 9, this program reads version 2", (folder_ / "snapshot.db").string()));
}

/// Runs SQL in the database behind the program's back.
void alter(const fs::path& path, const std::string& sql) {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
    sqlite3_close(db);
}

TEST_F(Store, AViewInPlaceOfATableIsRefused) {
    Study::create_or_resume(folder_, kConfig);
    alter(folder_ / "snapshot.db",
          "DROP TABLE history; CREATE VIEW history AS WITH RECURSIVE n(evaluations) AS (SELECT 1 UNION ALL SELECT "
          "evaluations + 1 FROM n) SELECT evaluations FROM n");
    EXPECT_EQ(
        refusal(ErrorKind::bad_data, [&] { Study::open_readonly(folder_); }),
        fmt::format("{} has other tables than a nachos study of schema version 2", (folder_ / "snapshot.db").string()));
}

TEST_F(Store, NumbersThatDoNotFitAreDamage) {
    Study::create_or_resume(folder_, kConfig).append("k1", evaluation(1));
    for (const char* change : {"'$.params', 1e300", "'$.params', 1.5", "'$.head_macs[0]', json('true')"}) {
        alter(folder_ / "snapshot.db", fmt::format("UPDATE evaluations SET costs = json_set(costs, {})", change));
        const std::string message = refusal(ErrorKind::bad_data, [&] { Study::open_readonly(folder_).evaluations(); });
        EXPECT_NE(message.find("evaluation 1 holds a damaged record"), std::string::npos) << message;
    }
}

TEST_F(Store, AFailedCandidateHasNoCurve) {
    Study::create_or_resume(folder_, kConfig).append("k1", evaluation(1));
    alter(folder_ / "snapshot.db", "UPDATE evaluations SET error = 'no memory'");
    const std::string message = refusal(ErrorKind::bad_data, [&] { Study::open_readonly(folder_).evaluations(); });
    EXPECT_NE(message.find("evaluation 1: has failed and yet a curve of 1 points"), std::string::npos) << message;
}

TEST_F(Store, DamagedRecordsSayWhichOne) {
    Study::create_or_resume(folder_, kConfig).append("k1", evaluation(1));
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open((folder_ / "snapshot.db").c_str(), &db), SQLITE_OK);
    sqlite3_exec(db, "UPDATE evaluations SET curve = '[{\"budget_index\":1}]'", nullptr, nullptr, nullptr);
    sqlite3_close(db);
    const std::string message = refusal(ErrorKind::bad_data, [&] { Study::open_readonly(folder_).evaluations(); });
    EXPECT_NE(message.find("snapshot.db, evaluation 1 holds a damaged record"), std::string::npos) << message;
}

TEST_F(Store, NamesThatLeadOutOfTheFolderAreRefused) {
    Study study = Study::create_or_resume(folder_, kConfig);
    EXPECT_EQ(study.path_of("tables/x"), folder_ / "tables" / "x");
    for (const char* name : {"../x", "/etc/passwd", "tables/../../x", ""})
        EXPECT_EQ(refusal(ErrorKind::bad_data, [&] { study.path_of(name); }),
                  fmt::format("'{}' is no name of a file inside the study {}", name, folder_.string()));
    Evaluation e = evaluation(1);
    e.table_file = "../table";
    EXPECT_NE(refusal(ErrorKind::bad_data, [&] { study.append("k", e); }), "accepted");
}

TEST(EvaluationKey, EveryPartOfTheIdentityChangesIt) {
    const EvaluationIdentity base{spec(1), "inherit", 1, "w", "s", 1};
    std::vector<EvaluationIdentity> others(6, base);
    others[0].arch = spec(2);
    others[1].fidelity = "scratch:3";
    others[2].seed = 2;
    others[3].weights_digest = "v";
    others[4].split_digest = "t";
    others[5].evaluator_version = 2;
    EXPECT_EQ(evaluation_key(base), evaluation_key(base));
    for (const auto& other : others) EXPECT_NE(evaluation_key(other), evaluation_key(base));
}

}  // namespace
}  // namespace nachos::study
