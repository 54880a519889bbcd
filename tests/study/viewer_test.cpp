#include "study/database.h"
#include "study/folder.h"
#include "study/publisher.h"
#include "study/some_study.h"

#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

// Who only looks: snapshot.db, folders that cannot be written, file systems without shared memory.

namespace nachos::study {
namespace {

using namespace std::chrono_literals;
using test::append;
using test::kConfig;
using test::make_study;
using test::refusal;
using test::some_evaluations;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

class Viewer : public testing::Test {
  protected:
    /// A child stores the study's evaluations and is killed: its log stays behind.
    void killed_writer(int evaluations) const {
        const pid_t child = ::fork();
        if (child == 0) {
            Study study = Study::create_or_resume(folder_, kConfig);
            append(study, some_evaluations(evaluations));
            ::kill(::getpid(), SIGKILL);
        }
        ::waitpid(child, nullptr, 0);
    }

    int copied() const { return test::count_in(folder_ / "snapshot.db"); }
    std::size_t seen() const { return Study::open_readonly(folder_).evaluations().size(); }

    const nachos::test::TempFolder temp_;
    const fs::path folder_ = temp_ / "study";
};

std::string mode_of(const fs::path& database) { return core::read_file(database).substr(18, 2); }

TEST(JournalTable, NetworkFileSystemsRollBackAndDisksWriteAhead) {
    for (const std::uint32_t network : {0x6969U, 0x517BU, 0xFF534D42U, 0xFE534D42U, 0x0BD00BD0U, 0x00C36400U, 0x47504653U,
                                        0x19830326U, 0x5346414FU, 0x01021997U, 0x65735546U})
        EXPECT_EQ(journal_for(network), Journal::rollback) << network;
    for (const std::uint32_t disk : {0xEF53U, 0x58465342U, 0x9123683EU, 0x01021994U, 0x794C7630U, 0x2FC12FC1U})
        EXPECT_EQ(journal_for(disk), Journal::wal) << disk;  // ext4, XFS, btrfs, tmpfs, overlay, ZFS
    EXPECT_EQ(journal_in("/no such folder"), Journal::rollback);
}

TEST_F(Viewer, AStudyMovedToAFileSystemWithoutSharedMemoryOpensWhole) {
    killed_writer(5);
    ASSERT_GT(fs::file_size(folder_ / "study.db-wal"), 0U);
    fs::remove(folder_ / "study.db-shm");
    fs::create_symlink("study.db-shm", folder_ / "study.db-shm");  // whoever wants shared memory fails
    EXPECT_NE(refusal(ErrorKind::runtime, [&] { Database(folder_ / "study.db", Access::write, Journal::wal); }), "accepted");
    {
        const Database moved(folder_ / "study.db", Access::write, Journal::rollback);
        const auto count = [](SQLite::Database& db) { return db.execAndGet("SELECT count(*) FROM evaluations").getInt(); };
        EXPECT_EQ(moved.run(count), 5);
        EXPECT_EQ(moved.run([](SQLite::Database& db) { return db.execAndGet("PRAGMA synchronous").getInt(); }), 3);  // EXTRA
        EXPECT_FALSE(fs::exists(folder_ / "study.db-wal"));
        moved.execute("INSERT INTO meta VALUES ('moved', 'yes')");
    }
    EXPECT_EQ(mode_of(folder_ / "study.db"), "\1\1");
    fs::remove(folder_ / "study.db-shm");
    EXPECT_EQ(Study::resume(folder_).get_meta("moved"), "yes");  // and back
    EXPECT_EQ(mode_of(folder_ / "study.db"), "\2\2");
}

TEST_F(Viewer, TheCopyFollowsWithinASecondAndIsCurrentWhenClosed) {
    {
        Study study = Study::create_or_resume(folder_, kConfig);
        study.put_facts(realistic_facts());
        EXPECT_EQ(Study::open_readonly(folder_).facts().data, "fashion-mnist");  // at once
        append(study, some_evaluations(3));
        const auto start = Clock::now();
        while (copied() < 3 && Clock::now() - start < 30s) std::this_thread::sleep_for(5ms);
        EXPECT_EQ(copied(), 3);
        append(study, some_evaluations(5), 3);
    }
    EXPECT_EQ(copied(), 5);
    EXPECT_EQ(mode_of(folder_ / "snapshot.db"), "\1\1");
    for (const auto& entry : fs::directory_iterator(folder_)) EXPECT_NE(entry.path().extension(), ".tmp") << entry.path();
}

TEST_F(Viewer, CopyingRestsManyTimesAsLongAsItTook) {
    make_study(folder_, 40);
    const Database database(folder_ / "study.db", Access::write);
    Publisher publisher(database, temp_ / "copy.db");
    const auto start = Clock::now();
    publisher.publish();
    const Clock::duration took = Clock::now() - start;
    fs::remove(temp_ / "copy.db");
    publisher.changed();
    std::this_thread::sleep_until(start + 15 * took);
    EXPECT_FALSE(fs::exists(temp_ / "copy.db"));
    while (!fs::exists(temp_ / "copy.db") && Clock::now() - start < 300 * took + 30s) std::this_thread::sleep_for(5ms);
    EXPECT_TRUE(fs::exists(temp_ / "copy.db"));
}

TEST_F(Viewer, ReadersAndTheWriterNeverWaitForEachOther) {
    const auto all = some_evaluations(60);
    Study study = Study::create_or_resume(folder_, kConfig);
    study.put_facts(realistic_facts());
    std::atomic<bool> done = false;
    std::atomic<int> looks = 0;
    std::jthread viewer([&] {
        sqlite3* held = nullptr;  // a foreign reader that never lets go of the copy
        sqlite3_open_v2((folder_ / "snapshot.db").c_str(), &held, SQLITE_OPEN_READONLY, nullptr);
        sqlite3_exec(held, "BEGIN; SELECT count(*) FROM evaluations", nullptr, nullptr, nullptr);
        for (std::size_t before = 0; !done; ++looks) {
            const std::size_t now = seen();  // never fails, never goes back, whatever the copies and the tail do
            EXPECT_GE(now, before);
            before = now;
        }
        sqlite3_close(held);
    });
    while (looks == 0) std::this_thread::sleep_for(1ms);
    for (std::size_t i = 0; i < all.size(); ++i) {
        study.append(fmt::format("k{}", i), all[i]);
        if (i % 4 == 0) study.publish();
    }
    done = true;
    viewer.join();
    EXPECT_EQ(study.evaluations().size(), all.size());
}

/// Runs `look` in a child that may not write the folder. False: this system does not let us try.
bool without_the_right_to_write(const fs::path& folder, const std::function<bool()>& look) {
    constexpr int kCannot = 77;
    const pid_t child = ::fork();
    if (child == 0) {
        if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
            ::mount(folder.c_str(), folder.c_str(), nullptr, MS_BIND, nullptr) != 0 ||
            ::mount(nullptr, folder.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr) != 0)
            ::_exit(kCannot);
        bool good = false;
        try {
            good = look();
        } catch (const std::exception& error) {
            std::fputs(error.what(), stderr);
        }
        ::_exit(good ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == kCannot) return false;
    EXPECT_EQ(status, 0);
    return true;
}

TEST_F(Viewer, AReadOnlyFolderIsLookedAtAndNotWritten) {
    make_study(folder_, 4);
    const bool tried = without_the_right_to_write(folder_, [&] {
        const std::string sentence = refusal(ErrorKind::runtime, [&] { Study::resume(folder_); });
        return seen() == 4 &&
               sentence == fmt::format("cannot write {}: Read-only file system", (folder_ / "study.lock").string());
    });
    if (!tried) GTEST_SKIP() << "skipped: mounting needs rights that are missing here";
    fs::remove(folder_ / "snapshot.db");  // as an older version leaves a study
    without_the_right_to_write(folder_, [&] { return seen() == 4; });
}

TEST_F(Viewer, AnOlderStudyWhoseLogIsNotPutInIsToldApartInAReadOnlyFolder) {
    killed_writer(3);
    fs::remove(folder_ / "snapshot.db");
    fs::remove(folder_ / "study.db-shm");
    const bool tried = without_the_right_to_write(folder_, [&] {
        const std::string sentence = refusal(ErrorKind::runtime, [&] { Study::open_readonly(folder_); });
        return sentence.find("there is no snapshot.db to look at instead") != std::string::npos;
    });
    if (!tried) GTEST_SKIP() << "skipped: mounting needs rights that are missing here";
    EXPECT_EQ(seen(), 3U);  // where it can be written
}

TEST_F(Viewer, ForeignTablesTriggersAndViewsAreRefused) {
    make_study(folder_, 1);
    const fs::path snapshot = folder_ / "snapshot.db";
    const std::string whole = core::read_file(snapshot);
    for (const char* sql :
         {"CREATE VIEW v AS SELECT 1", "CREATE TABLE more (id INTEGER)",
          "CREATE TRIGGER t AFTER INSERT ON meta BEGIN DELETE FROM meta; END", "ALTER TABLE models ADD COLUMN x TEXT"}) {
        core::write_file_atomic(snapshot, whole);
        test::execute(snapshot, sql);
        EXPECT_EQ(refusal(ErrorKind::bad_data, [&] { seen(); }),
                  fmt::format("{} has other tables than a nachos study of schema version 2", snapshot.string()));
    }
}

}  // namespace
}  // namespace nachos::study
