#include "study/tail.h"

#include "core/error.h"
#include "core/files.h"
#include "study/evaluation_json.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace nachos::study {
namespace {

namespace fs = std::filesystem;

constexpr int kNobodyElses = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;  // no link is followed, no pipe waited for
constexpr std::uint64_t kBlock = 1 << 16;

/// Closes on scope exit.
struct Descriptor {
    int fd;
    ~Descriptor() {
        if (fd >= 0) ::close(fd);
    }
};

/// What stands there, less where the file ends before. Nothing: it cannot be read.
std::optional<std::string> bytes_of(int file, std::uint64_t begin, std::uint64_t end) {
    std::string bytes(end - begin, '\0');
    std::size_t got = 0;
    while (got < bytes.size()) {
        const ssize_t now = ::pread(file, bytes.data() + got, bytes.size() - got, static_cast<off_t>(begin + got));
        if (now < 0 && errno == EINTR) continue;
        if (now < 0) return {};
        if (now == 0) break;
        got += static_cast<std::size_t>(now);
    }
    bytes.resize(got);
    return bytes;
}

bool write_at(int file, std::string_view bytes, std::uint64_t begin) {
    while (!bytes.empty()) {
        const ssize_t written = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(begin));
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
        begin += static_cast<std::uint64_t>(written);
    }
    return true;
}

/// Of the first `size` bytes those up to the end of the last whole line.
std::uint64_t whole_lines(int file, std::uint64_t size) {
    while (size > 0) {
        const std::uint64_t begin = size - std::min(size, kBlock);
        const std::size_t end = bytes_of(file, begin, size).value_or("").rfind('\n');
        if (end != std::string::npos) return begin + end + 1;
        size = begin;
    }
    return 0;
}

TailRow row_in(const std::string& line, const fs::path& file, int number) {
    const std::string where = fmt::format("{}, line {} (the file may be removed)", file.string(), number);
    TailRow row{row_from_json(line, where), where};
    require(row.row.id >= 0, ErrorKind::bad_data, "{}: {} is no row's number", where, row.row.id);
    return row;
}

}  // namespace

TailWriter::TailWriter(fs::path file) : file_(std::move(file)) { open(); }

TailWriter::~TailWriter() { close(); }

void TailWriter::open() {
    close();
    descriptor_ = ::open(file_.c_str(), O_RDWR | O_CREAT | kNobodyElses, 0644);
    struct stat s {};
    if (descriptor_ < 0 || ::fstat(descriptor_, &s) != 0 || !S_ISREG(s.st_mode)) return close();
    size_ = whole_lines(descriptor_, static_cast<std::uint64_t>(s.st_size));
    if (::ftruncate(descriptor_, static_cast<off_t>(size_)) != 0) close();
}

void TailWriter::close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
    size_ = 0;
}

void TailWriter::add(std::span<const EvaluationRow> rows) {
    std::string lines;
    for (const EvaluationRow& row : rows) lines += to_json(row) + "\n";
    const std::scoped_lock lock(mutex_);
    if (descriptor_ < 0 || size_ + lines.size() > kMostTailBytes) return;
    if (write_at(descriptor_, lines, size_))
        size_ += lines.size();
    else if (::ftruncate(descriptor_, static_cast<off_t>(size_)) != 0)  // what was written of them must not stay
        close();
}

std::uint64_t TailWriter::end() const {
    const std::scoped_lock lock(mutex_);
    return size_;
}

void TailWriter::drop(std::uint64_t copied) {
    const std::scoped_lock lock(mutex_);
    if (descriptor_ < 0) return open();
    if (copied == 0) return;
    const auto left = bytes_of(descriptor_, copied, size_);
    if (!left) return;
    try {
        core::write_file_atomic(file_, *left, core::Sync::later);
    } catch (const Error&) {  // the older tail stays: what it says, the copy says too
        return;
    }
    open();
}

std::vector<TailRow> TailReader::more() {
    const Descriptor file{::open(file_.c_str(), O_RDONLY | kNobodyElses)};
    if (file.fd < 0 && errno == ENOENT) {
        *this = TailReader(file_);
        return {};
    }
    require(file.fd >= 0 || errno == ELOOP, ErrorKind::runtime, "cannot read {}: {}", file_.string(), std::strerror(errno));
    struct stat s {};
    const bool plain = file.fd >= 0 && ::fstat(file.fd, &s) == 0 && S_ISREG(s.st_mode);
    require(plain, ErrorKind::bad_data, "{} is no plain file, and may be removed", file_.string());
    const auto size = static_cast<std::uint64_t>(s.st_size);
    require(size <= kMostTailBytes, ErrorKind::bad_data, "{} has {} bytes, at most {} are accepted (it may be removed)",
            file_.string(), size, kMostTailBytes);
    const bool same = s.st_ino == number_ && size >= read_;
    const std::uint64_t begin = same ? read_ : 0;
    int line = same ? lines_ : 0;
    const auto text = bytes_of(file.fd, begin, size);
    require(text.has_value(), ErrorKind::runtime, "cannot read {}: {}", file_.string(), std::strerror(errno));
    std::vector<TailRow> rows;
    std::size_t at = 0;
    for (std::size_t end = 0; (end = text->find('\n', at)) != std::string::npos; at = end + 1)
        rows.push_back(row_in(text->substr(at, end - at), file_, ++line));
    number_ = s.st_ino;
    read_ = begin + at;
    lines_ = line;
    return rows;
}

}  // namespace nachos::study
