#include "study/folder.h"

#include "core/error.h"
#include "core/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace nachos::study {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLockFile = "study.lock";

constexpr const char* kLog = "study.db-wal";
constexpr std::array kFolders = {"checkpoints", "tables", "models", "samples"};
// In the order in which they are removed: what makes a folder a study goes last, so that one whose removal was cut short can
// be removed again.
constexpr std::array kOurFiles = {"checkpoints", "tables",     "models",       "pareto.csv",   "pareto.json",
                                  "report.html", "log.jsonl",  "samples",      "try.html",     kLatencyFile,
                                  "config.toml", kTailFile,    "study.db-wal", "study.db-shm", "study.db-journal",
                                  "study.db",    "snapshot.db"};

bool has_bytes(const fs::path& path) {
    std::error_code error;
    const auto size = fs::file_size(path, error);
    return !error && size > 0;
}

}  // namespace

WriterLock::WriterLock(const fs::path& folder) {
    const fs::path path = folder / kLockFile;
    descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    require(descriptor_ >= 0, ErrorKind::runtime, "cannot write {}: {}", path.string(), std::strerror(errno));
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
        const int reason = errno;
        std::string holder = "unknown";
        std::ifstream(path) >> holder;
        ::close(descriptor_);
        require(reason == EWOULDBLOCK, ErrorKind::runtime, "cannot lock {}: {}", path.string(), std::strerror(reason));
        fail(ErrorKind::usage, "the study in {} is being written by process {}; a second writer is refused", folder.string(),
             holder);
    }
    const std::string holder = std::to_string(::getpid()) + "\n";
    const bool written = ::ftruncate(descriptor_, 0) == 0 &&
                         ::pwrite(descriptor_, holder.data(), holder.size(), 0) == static_cast<ssize_t>(holder.size());
    require(written, ErrorKind::runtime, "cannot write {}: {}", path.string(), std::strerror(errno));
}

WriterLock::~WriterLock() { ::close(descriptor_); }

bool is_file(const fs::path& path) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    require(status.type() != fs::file_type::none, ErrorKind::runtime, "cannot look at {}: {}", path.string(),
            error.message());
    return fs::is_regular_file(status);
}

std::string stamp_of(const fs::path& path) {
    struct stat s {};
    if (::stat(path.c_str(), &s) != 0) return kNoFile;
    return fmt::format("{:x}.{:x}.{:x}{:08x}", s.st_ino, s.st_size, s.st_mtim.tv_sec, s.st_mtim.tv_nsec);
}

std::string recovery(const fs::path& database) {
    const fs::path folder = database.parent_path();
    if (database.filename() == kSnapshotFile) return fmt::format("; remove it, and {} is read instead", kDatabaseFile);
    if (!has_bytes(folder / kSnapshotFile)) return "; put a copy in its place, or begin anew (search --overwrite)";
    const std::string at = folder.string();
    return fmt::format("; {}/snapshot.db is an older copy; to go on from it: rm {}/study.db*; mv {}/snapshot.db {}/study.db",
                       at, at, at, at);
}

void require_begun_or_new(const fs::path& folder) {
    const fs::path database = folder / kDatabaseFile;
    if (has_bytes(database) || (!has_bytes(folder / kLog) && !has_bytes(folder / kSnapshotFile))) return;
    fail(ErrorKind::bad_data, "{} is {}, though this study had begun{}", database.string(),
         is_file(database) ? "empty" : "gone", recovery(database));
}

void require_study_or_nothing(const fs::path& folder) {
    if (is_file(folder / kDatabaseFile) || is_file(folder / kSnapshotFile) || !fs::exists(folder)) return;
    require(fs::is_directory(folder), ErrorKind::usage, "{} is a file, a folder for the study is needed", folder.string());
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error))
        require(entry.path().filename() == kLockFile, ErrorKind::usage,
                "{} is not empty and holds no study (it has {}); name a new or empty folder", folder.string(),
                entry.path().filename().string());
    require(!error, ErrorKind::runtime, "cannot read the folder {}: {}", folder.string(), error.message());
}

void prepare_folder(const fs::path& folder) {
    core::remove_leftovers(folder);
    for (const char* name : kFolders) {
        std::error_code error;
        fs::create_directories(folder / name, error);
        require(!error, ErrorKind::runtime, "cannot make the folder {}: {}", (folder / name).string(), error.message());
        core::remove_leftovers(folder / name);
    }
}

void remove_study_files(const fs::path& folder) {
    for (const char* name : kOurFiles) {
        std::error_code error;
        fs::remove_all(folder / name, error);
        require(!error, ErrorKind::runtime, "cannot remove {}: {}", (folder / name).string(), error.message());
    }
}

fs::path path_inside(const fs::path& folder, const std::string& name) {
    const fs::path relative(name);
    const bool climbs = std::find(relative.begin(), relative.end(), "..") != relative.end();
    require(!name.empty() && relative.is_relative() && !climbs && name.find('\0') == std::string::npos, ErrorKind::bad_data,
            "'{}' is no name of a file inside the study {}", name, folder.string());
    return folder / relative;
}

}  // namespace nachos::study
