#include "core/files.h"

#include "core/expect_error.h"
#include "core/temp_folder.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <vector>

namespace nachos::core {
namespace {

using test::expect_error;
using test::TempFolder;

std::size_t entries(const std::filesystem::path& folder) {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

/// While it lives, files cannot grow beyond `bytes`: a write fails half-way, as on a full disk.
class FileSizeLimit {
  public:
    explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
        getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{bytes, before_.rlim_max};
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FileSizeLimit() {
        setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }

  private:
    rlimit before_{};
    void (*handler_)(int);
};

TEST(Files, WritesAndReadsBytesAsTheyAre) {
    const TempFolder folder;
    const std::string content("a\0b\r\n\xff", 6);
    write_file_atomic(folder / "f", content);
    EXPECT_EQ(read_file(folder / "f"), content);
    write_file_atomic(folder / "f", "");
    EXPECT_EQ(read_file(folder / "f"), "");
    EXPECT_EQ(entries(folder.path()), 1U);
}

TEST(Files, SyncingLaterWritesTheSame) {
    const TempFolder folder;
    write_file_atomic(folder / "f", "content", Sync::later);
    EXPECT_EQ(read_file(folder / "f"), "content");
    sync_files(std::vector{folder / "f"});
    expect_error(ErrorKind::runtime, {(folder / "none").string(), "No such file"},
                 [&] { sync_files(std::vector{folder / "none"}); });
}

TEST(Files, ReplacingTakesTheTemporaryAway) {
    const TempFolder folder;
    const auto temporary = temporary_for(folder / "f");
    write_file_atomic(folder / "f", "old");
    write_file_atomic(temporary, "new");
    replace_file(temporary, folder / "f");
    EXPECT_EQ(read_file(folder / "f"), "new");
    EXPECT_EQ(entries(folder.path()), 1U);
    expect_error(ErrorKind::runtime, {"cannot write", (folder / "f").string(), "No such file"},
                 [&] { replace_file(temporary, folder / "f"); });
}

TEST(Files, LeftoversOfEndedProcessesAreRemovedAndNothingElse) {
    const TempFolder folder;
    const std::string own = temporary_for("f").string();
    for (const std::string& name : {std::string("f.1073741824.tmp"), own, std::string("f.tmp"), std::string("a.b.tmp")})
        write_file_atomic(folder / name, "x");
    remove_leftovers(folder.path());
    EXPECT_FALSE(std::filesystem::exists(folder / "f.1073741824.tmp"));  // beyond every system's process numbers
    EXPECT_TRUE(std::filesystem::exists(folder / own));
    EXPECT_EQ(entries(folder.path()), 3U);
    remove_leftovers(folder / "none");
}

TEST(Files, FailureHalfWayLeavesTheOldFile) {
    const TempFolder folder;
    write_file_atomic(folder / "f", "old");
    const std::string large(100'000, 'x');
    expect_error(ErrorKind::runtime, {"cannot write", (folder / "f").string(), "File too large"}, [&] {
        const FileSizeLimit limit(10'000);
        write_file_atomic(folder / "f", large);
    });
    EXPECT_EQ(read_file(folder / "f"), "old");
    EXPECT_EQ(entries(folder.path()), 1U);
}

TEST(Files, FailureToReplaceLeavesNothingBehind) {
    const TempFolder folder;
    std::filesystem::create_directories(folder / "taken/inside");
    expect_error(ErrorKind::runtime, {"cannot write", "taken"}, [&] { write_file_atomic(folder / "taken", "x"); });
    EXPECT_TRUE(std::filesystem::is_directory(folder / "taken/inside"));
    EXPECT_EQ(entries(folder.path()), 1U);
}

TEST(Files, MissingFolderIsNamed) {
    const TempFolder folder;
    const auto path = folder / "none/f";
    expect_error(ErrorKind::runtime, {path.string(), "No such file"}, [&] { write_file_atomic(path, "x"); });
}

TEST(Files, ReadingSaysWhatIsWrong) {
    const TempFolder folder;
    expect_error(ErrorKind::bad_data, {(folder / "none").string(), "No such file"}, [&] { read_file(folder / "none"); });
    expect_error(ErrorKind::bad_data, {"is a folder"}, [&] { read_file(folder.path()); });
    write_file_atomic(folder / "f", "12345");
    expect_error(ErrorKind::bad_data, {"has 5 bytes", "at most 4"}, [&] { read_file(folder / "f", 4); });
    EXPECT_EQ(read_file(folder / "f", 5), "12345");
}

TEST(Files, ProgramFolderHoldsThisProgram) { EXPECT_TRUE(std::filesystem::exists(program_folder() / "test_core")); }

}  // namespace
}  // namespace nachos::core
