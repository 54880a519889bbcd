#include "core/files.h"

#include "core/error.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace nachos::core {
namespace {

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

void write_file_atomic(const std::filesystem::path& path, std::string_view content) {
    std::filesystem::path temporary = path;
    temporary += fmt::format(".{}.tmp", ::getpid());
    {
        const Descriptor out{::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)};
        if (out.fd < 0) fail_write(path, temporary, errno);
        while (!content.empty()) {
            const ssize_t written = ::write(out.fd, content.data(), content.size());
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) fail_write(path, temporary, errno);
            content.remove_prefix(static_cast<std::size_t>(written));
        }
        if (::fsync(out.fd) != 0) fail_write(path, temporary, errno);
    }
    if (::rename(temporary.c_str(), path.c_str()) != 0) fail_write(path, temporary, errno);
    const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
    const Descriptor parent{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (parent.fd >= 0) ::fsync(parent.fd);
}

std::filesystem::path program_folder() {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    return error ? std::filesystem::current_path() : self.parent_path();
}

}  // namespace nachos::core
