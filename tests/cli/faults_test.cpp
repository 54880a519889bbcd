#include "cli/program.h"
#include "study/some_study.h"

#include <gtest/gtest.h>

// What the program says of a study that was damaged, and what it still shows.

namespace nachos::cli {
namespace {

namespace fs = std::filesystem;
using study::test::cut;
using test::Outcome;
using test::run_program;

class FaultyStudy : public testing::Test {
  protected:
    void SetUp() override { study::test::make_study(folder_, 40); }

    Outcome pareto() const { return run_program("nachos", {"pareto", folder_.string()}); }

    void expect_refused(const std::string& command, int exit_code, const std::string& sentence) const {
        const Outcome outcome = run_program("nachos", {command, folder_.string()});
        EXPECT_EQ(outcome.exit_code, exit_code) << command;
        EXPECT_EQ(outcome.sentence(), sentence + "\n");
        EXPECT_EQ(outcome.out, "");
    }

    const test::TempFolder temp_;
    const fs::path folder_ = temp_ / "study";
    const std::string database_ = (folder_ / "study.db").string();
    const std::string snapshot_ = (folder_ / "snapshot.db").string();
};

TEST_F(FaultyStudy, ParetoShowsTheCopyOfADamagedDatabase) {
    const std::string whole = pareto().out;
    ASSERT_FALSE(whole.empty());
    for (const double share : {0.0, 0.3, 0.9}) {
        cut(database_, share);
        EXPECT_EQ(pareto().out, whole);
    }
    fs::remove(database_);
    EXPECT_EQ(pareto().out, whole);
}

TEST_F(FaultyStudy, ADamagedCopyEndsEveryViewerWithTheSameSentence) {
    cut(snapshot_, 0.5);
    const std::string sentence =
        snapshot_ + " is damaged or no database: database disk image is malformed; remove it, and study.db is read instead";
    expect_refused("pareto", 4, sentence);
    expect_refused("report", 4, sentence);
    fs::remove(snapshot_);
    EXPECT_EQ(pareto().exit_code, 0);
}

TEST_F(FaultyStudy, ADamagedTailIsNamedAndMayBeRemoved) {
    const std::string whole = pareto().out;
    const fs::path tail = folder_ / "snapshot.tail";
    std::ofstream(tail) << "no JSON\n";
    for (const char* command : {"pareto", "report"}) {
        const Outcome outcome = run_program("nachos", {command, folder_.string()});
        EXPECT_EQ(outcome.exit_code, 4) << command;
        EXPECT_TRUE(
            outcome.sentence().starts_with(tail.string() + ", line 1 (the file may be removed) holds a damaged record: "))
            << outcome.err;
    }
    fs::remove(tail);
    EXPECT_EQ(pareto().out, whole);
}

TEST_F(FaultyStudy, WithoutACopyADamagedDatabaseIsNamed) {
    fs::remove(snapshot_);
    cut(database_, 0.5);
    expect_refused("pareto", 4,
                   database_ +
                       " is damaged or no database: database disk image is malformed; put a copy in its place, or "
                       "begin anew (search --overwrite)");
    cut(database_, 0);
    expect_refused("pareto", 4, database_ + " is not the database of a nachos study");
    fs::remove(database_);
    expect_refused("pareto", 2, "there is no study in " + folder_.string() + " (it has no study.db)");
}

TEST_F(FaultyStudy, OddFoldersAreOneSentence) {
    fs::remove_all(folder_);
    fs::create_symlink(folder_, folder_);
    expect_refused("pareto", 1, "cannot look at " + database_ + ": Too many levels of symbolic links");
    fs::remove(folder_);
    core::write_file_atomic(folder_, "x");
    for (const char* command : {"pareto", "report", "final"})
        expect_refused(command, 2, "there is no study in " + folder_.string() + " (it has no study.db)");
}

TEST_F(FaultyStudy, APageThatCannotBeWrittenLeavesTheOldOne) {
    const std::string page = (folder_ / "report.html").string();
    core::write_file_atomic(page, "old");
    const Outcome outcome = run_program("nachos", {"report", folder_.string(), "--out", "/proc/none/page.html"});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_EQ(outcome.sentence(), "cannot write /proc/none/page.html: No such file or directory\n");
    EXPECT_EQ(core::read_file(page), "old");
}

}  // namespace
}  // namespace nachos::cli
