#include "study/folder.h"

#include "core/error.h"

#include <fcntl.h>
#include <sys/file.h>
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

constexpr std::array kOurFiles = {"study.db",    "study.db-wal", "study.db-shm", "study.db-journal",
                                  "config.toml", "checkpoints",  "tables",       "models",
                                  "pareto.csv",  "pareto.json",  "report.html",  "log.jsonl"};

}  // namespace

WriterLock::WriterLock(const fs::path& folder) {
    const fs::path path = folder / kLockFile;
    descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    require(descriptor_ >= 0, ErrorKind::runtime, "cannot write {}: {}", path.string(), std::strerror(errno));
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
        std::string holder = "unknown";
        std::ifstream(path) >> holder;
        ::close(descriptor_);
        fail(ErrorKind::usage, "the study in {} is being written by process {}; a second writer is refused", folder.string(),
             holder);
    }
    const std::string holder = std::to_string(::getpid()) + "\n";
    const bool written = ::ftruncate(descriptor_, 0) == 0 &&
                         ::pwrite(descriptor_, holder.data(), holder.size(), 0) == static_cast<ssize_t>(holder.size());
    require(written, ErrorKind::runtime, "cannot write {}: {}", path.string(), std::strerror(errno));
}

WriterLock::~WriterLock() { ::close(descriptor_); }

void require_study_or_nothing(const fs::path& folder) {
    if (!fs::exists(folder) || fs::exists(folder / kDatabaseFile)) return;
    require(fs::is_directory(folder), ErrorKind::usage, "{} is a file, a folder for the study is needed", folder.string());
    for (const auto& entry : fs::directory_iterator(folder))
        require(entry.path().filename() == kLockFile, ErrorKind::usage,
                "{} is not empty and holds no study (it has {}); name a new or empty folder", folder.string(),
                entry.path().filename().string());
}

void remove_study_files(const fs::path& folder) {
    for (const char* name : kOurFiles) fs::remove_all(folder / name);
}

fs::path path_inside(const fs::path& folder, const std::string& name) {
    const fs::path relative(name);
    const bool climbs = std::find(relative.begin(), relative.end(), "..") != relative.end();
    require(!name.empty() && relative.is_relative() && !climbs && name.find('\0') == std::string::npos, ErrorKind::bad_data,
            "'{}' is no name of a file inside the study {}", name, folder.string());
    return folder / relative;
}

}  // namespace nachos::study
