#include "core/safetensors.h"
#include "policy/table.h"
#include "study/small_disk.h"
#include "study/some_study.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

// What a disk, a kill or a careless hand does to a study: one sentence, and nothing lost that had been stored.

namespace nachos::study {
namespace {

using test::append;
using test::cut;
using test::kConfig;
using test::make_study;
using test::refusal;
using test::SmallDisk;
using test::some_evaluations;
namespace fs = std::filesystem;

class Faults : public testing::Test {
  protected:
    fs::path file(const char* name) const { return folder_ / name; }
    std::string resumed() const {
        return refusal(ErrorKind::bad_data, [&] { Study::resume(folder_); });
    }
    std::string recovery() const {
        const std::string at = folder_.string();
        return fmt::format(
            "; {}/snapshot.db is an older copy; to go on from it: rm {}/study.db*; mv {}/snapshot.db {}/study.db", at, at,
            at, at);
    }

    const nachos::test::TempFolder temp_;
    const fs::path folder_ = temp_ / "study";
};

TEST_F(Faults, AFullDiskLosesNothingThatWasStored) {
    const auto all = some_evaluations(200);
    std::size_t stored = 0;
    {
        Study study = Study::create_or_resume(folder_, kConfig);
        study.put_facts(realistic_facts());
        const SmallDisk disk(500'000);
        const std::string sentence = refusal(ErrorKind::runtime, [&] {
            for (; stored < all.size(); ++stored) study.append(fmt::format("k{}", stored), all[stored]);
        });
        EXPECT_NE(sentence.find(file("study.db").string()), std::string::npos) << sentence;
        EXPECT_GT(stored, 10U);
        EXPECT_EQ(study.evaluations().size(), stored);  // still readable
    }
    Study study = Study::create_or_resume(folder_, kConfig);
    ASSERT_EQ(study.evaluations().size(), stored);
    EXPECT_FALSE(study.find(fmt::format("k{}", stored)));
    append(study, all, stored);
    EXPECT_EQ(study.evaluations().size(), all.size());
}

TEST_F(Faults, ABatchIsStoredWholeOrNotAtAll) {
    const auto all = some_evaluations(300);
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < all.size(); ++i) keys.push_back(fmt::format("k{}", i));
    Study study = Study::create_or_resume(folder_, kConfig);
    {
        const SmallDisk disk(500'000);
        EXPECT_NE(refusal(ErrorKind::runtime, [&] { study.append(keys, all); }), "accepted");
    }
    EXPECT_TRUE(study.evaluations().empty());
    study.append(keys, all);
    EXPECT_EQ(study.evaluations().size(), all.size());
}

TEST_F(Faults, ATruncatedDatabaseIsNamedAndTheCopyLeftAlone) {
    make_study(folder_, 40);
    const std::string whole = core::read_file(file("study.db"));
    const std::string copy = core::read_file(file("snapshot.db"));
    for (const double share : {0.1, 0.5, 0.9}) {
        core::write_file_atomic(file("study.db"), whole);
        cut(file("study.db"), share);
        const std::string sentence = resumed();
        EXPECT_TRUE(sentence.starts_with(file("study.db").string() + " is damaged")) << sentence;
        EXPECT_TRUE(sentence.ends_with(recovery())) << sentence;
        EXPECT_EQ(core::read_file(file("snapshot.db")), copy);
        EXPECT_EQ(Study::open_readonly(folder_).evaluations().size(), 40U);  // viewers read the copy
    }
    fs::remove(file("study.db"));  // what the sentence says to do
    fs::rename(file("snapshot.db"), file("study.db"));
    EXPECT_EQ(Study::resume(folder_).evaluations().size(), 40U);
}

TEST_F(Faults, AnEmptyOrMissingDatabaseOfABegunStudyIsNotBegunAnew) {
    make_study(folder_, 3);
    cut(file("study.db"), 0);
    EXPECT_EQ(resumed(), file("study.db").string() + " is empty, though this study had begun" + recovery());
    fs::remove(file("study.db"));
    EXPECT_EQ(refusal(ErrorKind::bad_data, [&] { Study::create_or_resume(folder_, kConfig); }),
              file("study.db").string() + " is gone, though this study had begun" + recovery());
    fs::remove(file("snapshot.db"));
    std::ofstream(file("study.db"));
    std::ofstream(file("study.db-wal")) << "some pages";
    const std::string sentence = file("study.db").string() +
                                 " is empty, though this study had begun; put a copy in its "
                                 "place, or begin anew (search --overwrite)";
    EXPECT_EQ(resumed(), sentence);
    EXPECT_EQ(refusal(ErrorKind::bad_data, [&] { Study::open_readonly(folder_); }), sentence);
    EXPECT_EQ(fs::file_size(file("study.db-wal")), 10U);
    EXPECT_TRUE(Study::create_or_resume(folder_, kConfig, {.overwrite = true}).evaluations().empty());
}

TEST_F(Faults, ADamagedCopyIsNamedAndStandsInNobodysWay) {
    make_study(folder_, 40);
    cut(file("snapshot.db"), 0.5);
    EXPECT_EQ(refusal(ErrorKind::bad_data, [&] { Study::open_readonly(folder_).evaluations(); }),
              file("snapshot.db").string() +
                  " is damaged or no database: database disk image is malformed; remove it, and "
                  "study.db is read instead");
    EXPECT_EQ(Study::resume(folder_).evaluations().size(), 40U);
    EXPECT_EQ(Study::open_readonly(folder_).evaluations().size(), 40U);  // replaced
}

/// Kills a writer of 20 evaluations, then damages its log.
std::size_t left_after(const fs::path& folder, const std::function<void(const fs::path& log)>& damage) {
    fs::remove_all(folder);
    const pid_t child = ::fork();
    if (child == 0) {
        Study study = Study::create_or_resume(folder, kConfig);
        append(study, some_evaluations(20));
        ::kill(::getpid(), SIGKILL);
    }
    ::waitpid(child, nullptr, 0);
    damage(folder / "study.db-wal");
    const auto left = Study::resume(folder).evaluations();
    const auto all = some_evaluations(20);
    for (std::size_t i = 0; i < left.size(); ++i) EXPECT_EQ(left[i].arch, all[i].arch);
    return left.size();
}

TEST_F(Faults, OfADamagedLogTheBeginningIsKept) {
    EXPECT_EQ(left_after(folder_, [](const fs::path&) {}), 20U);
    EXPECT_LT(left_after(folder_, [](const fs::path& log) { cut(log, 0.6); }), 20U);
    EXPECT_GE(left_after(folder_, [](const fs::path& log) { fs::resize_file(log, fs::file_size(log) - 10); }), 19U);
    EXPECT_EQ(left_after(folder_, [](const fs::path& log) { std::ofstream(log, std::ios::app) << std::string(9000, 'x'); }),
              20U);
}

TEST_F(Faults, ALogOfGarbageIsNotReadAndNothingBeforeItIsLost) {
    make_study(folder_, 5);
    std::ofstream(file("study.db-wal")) << std::string(50'000, 'g');
    EXPECT_EQ(Study::resume(folder_).evaluations().size(), 5U);
}

TEST_F(Faults, ADamagedTableFileIsNamed) {
    core::Rng rng(1);
    const fs::path table = temp_ / "t.safetensors";
    policy::save_table(table, realistic_table(rng), policy::TablePrecision::f16);
    std::fstream(table, std::ios::in | std::ios::out).seekp(200'000).write("damage", 6);
    const std::string sentence = refusal(ErrorKind::bad_data, [&] { policy::load_table(table); });
    EXPECT_TRUE(sentence.starts_with(table.string())) << sentence;
    EXPECT_NE(sentence.find("checksum"), std::string::npos) << sentence;
}

TEST_F(Faults, AClockSetBackChangesNothing) {
    make_study(folder_, 3);
    test::execute(file("study.db"), "INSERT INTO test_reads (time, purpose) VALUES ('2999-01-01T00:00:00Z', 'final')");
    for (const auto& entry : fs::directory_iterator(folder_))
        fs::last_write_time(entry.path(), fs::file_time_type::clock::now() + std::chrono::hours(24 * 365));
    {
        Study study = Study::create_or_resume(folder_, kConfig);
        study.record_test_read("final");
        append(study, some_evaluations(4), 3);
    }
    const Study viewed = Study::open_readonly(folder_);
    EXPECT_EQ(viewed.evaluations().size(), 4U);
    ASSERT_EQ(viewed.test_reads().size(), 2U);
    EXPECT_EQ(viewed.test_reads()[0].time, "2999-01-01T00:00:00Z");  // in the order they happened, not of their clocks
}

TEST_F(Faults, OddFoldersAreOneSentence) {
    fs::create_symlink(folder_, folder_);
    const std::string loop = fmt::format("cannot look at {}: Too many levels of symbolic links", file("study.db").string());
    EXPECT_EQ(refusal(ErrorKind::runtime, [&] { Study::create_or_resume(folder_, kConfig); }), loop);
    EXPECT_EQ(refusal(ErrorKind::runtime, [&] { Study::open_readonly(folder_); }), loop);
    fs::remove(folder_);
    std::ofstream(folder_) << "x";
    EXPECT_EQ(refusal(ErrorKind::usage, [&] { Study::open_readonly(folder_); }),
              fmt::format("there is no study in {} (it has no study.db)", folder_.string()));
}

TEST_F(Faults, WhatAKilledProcessLeftHalfWrittenIsRemovedByTheNextWriter) {
    make_study(folder_, 1);
    constexpr int kNobody = 1 << 30;  // beyond every system's process numbers
    const auto left = [&](const std::string& name) { std::ofstream(folder_ / name) << "half"; };
    const std::string dead = fmt::format(".{}.tmp", kNobody);
    const std::string alive = fmt::format(".{}.tmp", ::getpid());
    for (const std::string& name : {"snapshot.db" + dead, "tables/a.safetensors" + dead, "report.html" + alive}) left(name);
    left("notes.tmp");
    Study::resume(folder_);
    EXPECT_FALSE(fs::exists(folder_ / ("snapshot.db" + dead)));
    EXPECT_FALSE(fs::exists(folder_ / ("tables/a.safetensors" + dead)));
    EXPECT_TRUE(fs::exists(folder_ / ("report.html" + alive)));  // its process may still be at it
    EXPECT_TRUE(fs::exists(folder_ / "notes.tmp"));
}

}  // namespace
}  // namespace nachos::study
