#include "core/files.h"

#include "core/error.h"
#include "core/parallel.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <set>
#include <vector>

namespace nachos::core {
namespace {

constexpr const char* kTemporary = ".tmp";
constexpr int kSyncsAtOnce = 32;

/// Closes on scope exit.
struct Descriptor {
    int fd;
    ~Descriptor() {
        if (fd >= 0) ::close(fd);
    }
};

[[noreturn]] void fail_write(const std::filesystem::path& path, const std::filesystem::path& temporary, int error) {
    std::error_code ignored;
    std::filesystem::remove(temporary, ignored);
    fail(ErrorKind::runtime, "cannot write {}: {}", path.string(), std::strerror(error));
}

[[noreturn]] void fail_sync(const std::filesystem::path& path) {
    fail(ErrorKind::runtime, "cannot write {}: {}", path.string(), std::strerror(errno));
}

void write_all(int fd, std::string_view content, const std::filesystem::path& path, const std::filesystem::path& temporary) {
    while (!content.empty()) {
        const ssize_t written = ::write(fd, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail_write(path, temporary, errno);
        content.remove_prefix(static_cast<std::size_t>(written));
    }
}

bool sync_folder(const std::filesystem::path& file) {
    const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
    const Descriptor parent{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (parent.fd < 0) return errno == EACCES;          // a folder may be written without being read
    return ::fsync(parent.fd) == 0 || errno == EINVAL;  // not every file system can sync a folder
}

bool is_running(long process) { return ::kill(static_cast<pid_t>(process), 0) == 0 || errno == EPERM; }

}  // namespace

std::string read_file(const std::filesystem::path& path, std::uint64_t max_bytes) {
    std::error_code error;
    require(!std::filesystem::is_directory(path, error), ErrorKind::bad_data, "{} is a folder, a file is needed",
            path.string());
    const auto size = std::filesystem::file_size(path, error);
    require(!error, ErrorKind::bad_data, "cannot read {}: {}", path.string(), error.message());
    require(size <= max_bytes, ErrorKind::bad_data, "{} has {} bytes, at most {} are accepted", path.string(), size,
            max_bytes);
    std::ifstream in(path, std::ios::binary);
    std::string content(size, '\0');
    in.read(content.data(), static_cast<std::streamsize>(size));
    require(in.gcount() == static_cast<std::streamsize>(size), ErrorKind::bad_data, "cannot read {}: {}", path.string(),
            std::strerror(errno));
    return content;
}

void write_file_atomic(const std::filesystem::path& path, std::string_view content, Sync sync) {
    const std::filesystem::path temporary = temporary_for(path);
    {
        const Descriptor out{::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)};
        if (out.fd < 0) fail_write(path, temporary, errno);
        write_all(out.fd, content, path, temporary);
        if (sync == Sync::later) ::sync_file_range(out.fd, 0, 0, SYNC_FILE_RANGE_WRITE);  // begins, waits for nothing
    }
    if (sync == Sync::now) return replace_file(temporary, path);
    if (::rename(temporary.c_str(), path.c_str()) != 0) fail_write(path, temporary, errno);
}

/// At once, for what waits together a file system writes together: eight files then take about as long as one.
void sync_files(std::span<const std::filesystem::path> paths) {
    std::set<std::filesystem::path> folders;
    std::vector<std::function<void()>> waits;
    for (const auto& path : paths) {
        waits.emplace_back([&path] {
            const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
            if (file.fd < 0 || ::fsync(file.fd) != 0) fail_sync(path);
        });
        if (!folders.insert(path.parent_path()).second) continue;
        waits.emplace_back([&path] {
            if (!sync_folder(path)) fail_sync(path);
        });
    }
    const auto count = static_cast<int>(waits.size());
    for_each_index(count, std::min(count, kSyncsAtOnce), [&](int i) { waits[static_cast<std::size_t>(i)](); });
}

std::filesystem::path temporary_for(const std::filesystem::path& path) {
    std::filesystem::path temporary = path;
    return temporary += fmt::format(".{}{}", ::getpid(), kTemporary);
}

void replace_file(const std::filesystem::path& temporary, const std::filesystem::path& path) {
    {
        const Descriptor file{::open(temporary.c_str(), O_RDONLY | O_CLOEXEC)};
        if (file.fd < 0 || ::fsync(file.fd) != 0) fail_write(path, temporary, errno);
    }
    if (::rename(temporary.c_str(), path.c_str()) != 0) fail_write(path, temporary, errno);
    if (!sync_folder(path)) fail_write(path, temporary, errno);
}

void remove_leftovers(const std::filesystem::path& folder) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
        const std::filesystem::path name = entry.path().filename();
        if (name.extension() != kTemporary) continue;
        const std::string process = name.stem().extension().string();  // ".PID"
        if (process.size() < 2 || process.find_first_not_of("0123456789", 1) != std::string::npos) continue;
        if (!is_running(std::strtol(process.c_str() + 1, nullptr, 10))) std::filesystem::remove(entry.path(), error);
    }
}

std::filesystem::path program_folder() {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    return error ? std::filesystem::current_path() : self.parent_path();
}

}  // namespace nachos::core
