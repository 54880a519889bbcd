#include "study/tail.h"

#include "study/evaluation_json.h"
#include "study/folder.h"
#include "study/follower.h"
#include "study/small_disk.h"
#include "study/some_study.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <set>
#include <thread>

// What viewers see of evaluations that the copy for them does not have yet.

namespace nachos::study {
namespace {

using test::append;
using test::kConfig;
using test::make_study;
using test::refusal;
using test::SmallDisk;
using test::some_evaluations;
namespace fs = std::filesystem;

/// Rows 1, 2, ... of made-up evaluations.
std::vector<EvaluationRow> some_rows(int count) {
    std::vector<EvaluationRow> rows;
    for (const Evaluation& e : some_evaluations(count)) {
        rows.push_back(row_of(e));
        rows.back().id = static_cast<std::int64_t>(rows.size());
    }
    return rows;
}

std::vector<std::int64_t> numbers(const std::vector<TailRow>& rows) {
    std::vector<std::int64_t> ids;
    for (const TailRow& row : rows) ids.push_back(row.row.id);
    return ids;
}

using Numbers = std::vector<std::int64_t>;

class Tail : public testing::Test {
  protected:
    void put(const std::string& text) const { std::ofstream(file_, std::ios::binary) << text; }

    const nachos::test::TempFolder temp_;
    const fs::path file_ = temp_ / "snapshot.tail";
    const std::vector<EvaluationRow> rows_ = some_rows(6);
};

TEST_F(Tail, RowsAreReadOnceAndAsTheyWereStored) {
    TailWriter writer(file_);
    TailReader reader(file_);
    EXPECT_TRUE(reader.more().empty());
    writer.add({rows_.data(), 2});
    const auto first = reader.more();
    ASSERT_EQ(numbers(first), (Numbers{1, 2}));
    EXPECT_EQ(to_json(evaluation_of(first[1].row, "", "").curve), rows_[1].curve);
    EXPECT_EQ(first[1].row.arch, rows_[1].arch);
    EXPECT_EQ(first[1].row.table_file, rows_[1].table_file);
    EXPECT_EQ(first[1].row.seconds, rows_[1].seconds);
    EXPECT_TRUE(reader.more().empty());
    writer.add({rows_.data() + 2, 1});
    EXPECT_EQ(numbers(reader.more()), Numbers{3});
    EXPECT_TRUE(TailReader(temp_ / "none").more().empty());
}

TEST_F(Tail, ALineWithoutItsEndWaitsAndTheNextWriterCutsItOff) {
    const std::string line = to_json(rows_[0]) + "\n", half = to_json(rows_[1]).substr(0, 2000);
    put(line + half);
    TailReader reader(file_);
    EXPECT_EQ(numbers(reader.more()), Numbers{1});
    EXPECT_TRUE(reader.more().empty());
    TailWriter writer(file_);
    EXPECT_EQ(writer.end(), line.size());
    EXPECT_EQ(core::read_file(file_), line);
    writer.add({rows_.data() + 2, 1});
    EXPECT_EQ(numbers(reader.more()), Numbers{3});
    put(std::string(200'000, 'x'));  // no line at all, longer than what is looked at at once
    EXPECT_EQ(TailWriter(file_).end(), 0U);
}

TEST_F(Tail, WhatCameAfterTheCopyBeganStays) {
    TailWriter writer(file_);
    TailReader reader(file_);
    writer.add({rows_.data(), 2});
    const std::uint64_t copied = writer.end();
    writer.add({rows_.data() + 2, 1});
    EXPECT_EQ(reader.more().size(), 3U);
    writer.drop(copied);
    writer.add({rows_.data() + 3, 1});
    EXPECT_EQ(numbers(reader.more()), (Numbers{3, 4}));  // another file: from its beginning
    EXPECT_EQ(numbers(TailReader(file_).more()), (Numbers{3, 4}));
    writer.drop(writer.end());
    EXPECT_EQ(fs::file_size(file_), 0U);
    EXPECT_TRUE(reader.more().empty());
    writer.add({rows_.data() + 4, 1});
    EXPECT_EQ(numbers(reader.more()), Numbers{5});
    for (const auto& entry : fs::directory_iterator(temp_.path())) EXPECT_NE(entry.path().extension(), ".tmp");
}

TEST_F(Tail, ADamagedLineIsNamed) {
    const std::string good = to_json(rows_[0]) + "\n";
    EvaluationRow negative = rows_[0];
    negative.id = -1;
    const std::string where = file_.string() + ", line 2 (the file may be removed)";
    for (const std::string& bad : {std::string("no JSON"), std::string(), std::string("{}"), std::string("[1]"),
                                   good.substr(0, 500), std::string("{\"id\":1.5}"), std::string(3000, '[')}) {
        put(good + bad + "\n" + good);
        const std::string sentence = refusal(ErrorKind::bad_data, [&] { TailReader(file_).more(); });
        EXPECT_TRUE(sentence.starts_with(where + " holds a damaged record: ")) << sentence;
    }
    put(good + to_json(negative) + "\n");
    EXPECT_EQ(refusal(ErrorKind::bad_data, [&] { TailReader(file_).more(); }), where + ": -1 is no row's number");
}

TEST_F(Tail, WhatIsNoFileOrTooLargeIsNotRead) {
    const auto sentence = [&] { return refusal(ErrorKind::bad_data, [&] { TailReader(file_).more(); }); };
    const std::string odd = file_.string() + " is no plain file, and may be removed";
    fs::create_directory(file_);
    EXPECT_EQ(sentence(), odd);
    fs::remove(file_);
    std::ofstream(temp_ / "elsewhere") << to_json(rows_[0]) << "\n";
    fs::create_symlink(temp_ / "elsewhere", file_);
    EXPECT_EQ(sentence(), odd);
    TailWriter(file_).add(rows_);  // nor written through a link
    EXPECT_EQ(TailReader(temp_ / "elsewhere").more().size(), 1U);
    fs::remove(file_);
    ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
    EXPECT_EQ(sentence(), odd);
    fs::remove(file_);
    put("");
    fs::resize_file(file_, kMostTailBytes + 1);
    EXPECT_EQ(sentence(), fmt::format("{} has {} bytes, at most {} are accepted (it may be removed)", file_.string(),
                                      kMostTailBytes + 1, kMostTailBytes));
}

TEST_F(Tail, OnAFullDiskItKeepsWholeLines) {
    TailWriter writer(file_);
    writer.add({rows_.data(), 2});
    {
        const SmallDisk disk(writer.end() + 1000);
        writer.add({rows_.data() + 2, 1});
    }
    EXPECT_EQ(fs::file_size(file_), writer.end());
    writer.add({rows_.data() + 3, 1});
    EXPECT_EQ(numbers(TailReader(file_).more()), (Numbers{1, 2, 4}));  // a gap, until the next copy
}

/// While it lives, copies that this process makes fail: what they are written to is a folder, and not empty.
class NoCopies {
  public:
    explicit NoCopies(const fs::path& folder) : path_(core::temporary_for(folder / kSnapshotFile)) {
        std::error_code error;
        do fs::create_directories(path_ / "full", error);
        while (error);  // one is being made
    }
    ~NoCopies() { fs::remove_all(path_); }
    NoCopies(const NoCopies&) = delete;
    NoCopies& operator=(const NoCopies&) = delete;

  private:
    const fs::path path_;
};

/// The same architecture, not evaluated.
Evaluation failed(Evaluation e, const std::string& error) {
    e.error = error;
    e.curve.clear();
    return e;
}

class TailOfStudy : public testing::Test {
  protected:
    std::vector<Evaluation> seen() const { return Study::open_readonly(folder_).evaluations(); }
    int copied() const { return test::count_in(folder_ / kSnapshotFile); }
    std::uintmax_t tail_size() const { return fs::file_size(tail_); }

    const nachos::test::TempFolder temp_;
    const fs::path folder_ = temp_ / "study";
    const fs::path tail_ = folder_ / kTailFile;
    const std::vector<Evaluation> all_ = some_evaluations(12);
};

TEST_F(TailOfStudy, ViewersSeeAtOnceWhatTheCopyDoesNotHave) {
    Study study = Study::create_or_resume(folder_, kConfig);
    study.append("k0", all_[0]);
    study.publish();
    {
        const NoCopies rest(folder_);
        for (std::size_t i = 1; i < 6; ++i) {
            study.append(fmt::format("k{}", i), all_[i]);
            ASSERT_EQ(seen().size(), i + 1);
            EXPECT_EQ(seen().back().arch, all_[i].arch);
        }
        EXPECT_EQ(copied(), 1);
    }
    study.publish();
    EXPECT_EQ(copied(), 6);
    EXPECT_EQ(tail_size(), 0U);
    EXPECT_EQ(seen().size(), 6U);
}

TEST_F(TailOfStudy, AReplacedEvaluationShowsWhereItStands) {
    Study study = Study::create_or_resume(folder_, kConfig);
    study.append("k0", failed(all_[0], "out of memory"));
    study.append("k1", all_[1]);
    study.publish();
    const NoCopies rest(folder_);
    EXPECT_FALSE(seen()[0].ok());
    study.append("k0", failed(all_[0], "again"));
    EXPECT_EQ(seen()[0].error, "again");
    study.append("k0", all_[0]);
    ASSERT_EQ(seen().size(), 2U);
    EXPECT_TRUE(seen()[0].ok());
    EXPECT_EQ(seen()[0].arch, all_[0].arch);
    EXPECT_EQ(seen()[1].arch, all_[1].arch);
}

TEST_F(TailOfStudy, AViewerStaysWithWhatWasThereWhenItOpened) {
    Study study = Study::create_or_resume(folder_, kConfig);
    append(study, some_evaluations(2));
    study.publish();  // without a copy study.db itself would be looked at
    append(study, some_evaluations(3), 2);
    const Study viewer = Study::open_readonly(folder_);
    append(study, all_, 3);
    study.publish();  // another copy, and the tail is gone
    EXPECT_EQ(viewer.evaluations().size(), 3U);
    EXPECT_EQ(seen().size(), 12U);
}

TEST_F(TailOfStudy, AGapIsNoFault) {
    make_study(folder_, 2);
    EvaluationRow row = row_of(all_[5]);
    row.id = 9;
    std::ofstream(tail_) << to_json(row) << "\n";
    ASSERT_EQ(seen().size(), 3U);
    EXPECT_EQ(seen()[2].arch, all_[5].arch);
}

TEST_F(TailOfStudy, ADamagedOneIsNamedAndStopsNoWorker) {
    make_study(folder_, 2);
    std::ofstream(tail_) << "no JSON\n";
    const Study viewer = Study::open_readonly(folder_);
    EXPECT_EQ(viewer.facts().data, "fashion-mnist");
    const std::string sentence = refusal(ErrorKind::bad_data, [&] { viewer.evaluations(); });
    EXPECT_TRUE(sentence.starts_with(tail_.string() + ", line 1 (the file may be removed) holds a damaged record"))
        << sentence;
    Evaluation outside = all_[0];
    outside.table_file = "../table";
    EvaluationRow row = row_of(outside);
    row.id = 3;
    std::ofstream(tail_) << to_json(row) << "\n";
    EXPECT_NE(refusal(ErrorKind::bad_data, [&] { seen(); }).find("'../table' is no name of a file inside"),
              std::string::npos);
    Study::resume(folder_);  // its copy takes the place of what there was
    EXPECT_EQ(tail_size(), 0U);
    EXPECT_EQ(seen().size(), 2U);
}

TEST_F(TailOfStudy, OneThatCannotBeWrittenStopsNoSearch) {
    make_study(folder_, 1);
    fs::remove(tail_);
    fs::create_directory(tail_);
    {
        Study study = Study::resume(folder_);
        append(study, some_evaluations(4), 1);
        study.publish();
        EXPECT_EQ(study.evaluations().size(), 4U);
        EXPECT_EQ(copied(), 4);
        EXPECT_NE(refusal(ErrorKind::bad_data, [&] { seen(); }).find("is no plain file"), std::string::npos);
        fs::remove(tail_);
        study.publish();  // and goes on where it can be
        const NoCopies rest(folder_);
        study.append("new", all_[5]);
        EXPECT_EQ(seen().size(), 5U);
    }
}

TEST_F(TailOfStudy, AKilledWritersIsReadAndThenCopied) {
    const pid_t child = ::fork();
    if (child == 0) {
        Study study = Study::create_or_resume(folder_, kConfig);
        study.put_facts(realistic_facts());
        const NoCopies rest(folder_);
        append(study, some_evaluations(3));
        ::kill(::getpid(), SIGKILL);
    }
    ::waitpid(child, nullptr, 0);
    EXPECT_EQ(copied(), 0);
    EXPECT_EQ(seen().size(), 3U);
    Study::resume(folder_);
    EXPECT_EQ(copied(), 3);
    EXPECT_EQ(tail_size(), 0U);
    EXPECT_EQ(seen().size(), 3U);
}

TEST_F(TailOfStudy, OverwriteRemovesIt) {
    make_study(folder_, 1);
    EvaluationRow row = row_of(all_[5]);
    row.id = 2;
    std::ofstream(tail_) << to_json(row) << "\n";
    EXPECT_EQ(seen().size(), 2U);
    const Study study = Study::create_or_resume(folder_, kConfig, {.overwrite = true});
    study.publish();
    EXPECT_TRUE(seen().empty());
}

TEST_F(TailOfStudy, IsNotReadWhereTheDatabaseItselfIs) {
    make_study(folder_, 2);
    fs::remove(folder_ / kSnapshotFile);
    std::ofstream(tail_) << "no JSON\n";
    EXPECT_EQ(seen().size(), 2U);
}

Numbers rows_of(const Follower::Update& update, bool read) {
    Numbers rows;
    for (const StoredEvaluation& e : update.evaluations)
        if (e.evaluation.has_value() == read) rows.push_back(e.row);
    return rows;
}

TEST_F(TailOfStudy, AFollowerReadsWhatIsNew) {
    Study study = Study::create_or_resume(folder_, kConfig);
    append(study, some_evaluations(3));
    study.publish();
    Follower follower(folder_);
    const auto first = follower.update();
    EXPECT_TRUE(first.study);
    EXPECT_EQ(rows_of(first, true), (Numbers{1, 2, 3}));
    {
        const NoCopies rest(folder_);
        study.append("k3", all_[3]);
        study.append("k1", failed(all_[1], "no memory"));
        study.append("k1", all_[1]);  // as it was
        const auto more = follower.update();
        EXPECT_FALSE(more.study);
        EXPECT_EQ(rows_of(more, true), Numbers{4});
        EXPECT_TRUE(follower.update().evaluations.empty());
        study.append("k2", failed(all_[2], "no memory"));
        EXPECT_EQ(rows_of(follower.update(), true), Numbers{3});
        study.append("k6", all_[6]);
    }
    study.publish();
    const auto copied = follower.update();
    EXPECT_TRUE(copied.study);
    EXPECT_EQ(rows_of(copied, false), (Numbers{1, 2, 3, 4}));
    EXPECT_EQ(rows_of(copied, true), Numbers{5});
    EXPECT_EQ(copied.evaluations.size(), 5U);
}

TEST_F(TailOfStudy, AFollowerOfADamagedTailGoesOnOnceItIsWhole) {
    make_study(folder_, 2);
    Follower follower(folder_);
    follower.update();
    EvaluationRow row = row_of(all_[5]);
    row.id = 3;
    std::ofstream(tail_) << to_json(row) << "\nno JSON\n";
    for (int i = 0; i < 2; ++i) EXPECT_NE(refusal(ErrorKind::bad_data, [&] { follower.update(); }), "accepted");
    std::ofstream(tail_) << to_json(row) << "\n";
    const auto update = follower.update();
    EXPECT_FALSE(update.study);
    EXPECT_EQ(rows_of(update, true), Numbers{3});
}

TEST_F(TailOfStudy, AFollowerMissesNothingWhileCopiesComeAndGo) {
    const auto all = some_evaluations(80);
    Study study = Study::create_or_resume(folder_, kConfig);
    study.put_facts(realistic_facts());
    std::atomic<bool> done = false;
    std::atomic<int> looks = 0;
    std::jthread viewer([&] {
        Follower follower(folder_);
        std::set<std::int64_t> rows;
        for (bool last = false; !last; ++looks) {
            last = done;
            for (const StoredEvaluation& e : follower.update().evaluations) rows.insert(e.row);
            EXPECT_EQ(rows.empty() ? 0U : static_cast<std::size_t>(*rows.rbegin()), rows.size());  // 1, 2, ... without a gap
        }
        EXPECT_EQ(rows.size(), all.size());
    });
    while (looks == 0) std::this_thread::yield();
    for (std::size_t i = 0; i < all.size(); ++i) {
        study.append(fmt::format("k{}", i), all[i]);
        if (i % 4 == 0) study.publish();
    }
    done = true;
}

}  // namespace
}  // namespace nachos::study
