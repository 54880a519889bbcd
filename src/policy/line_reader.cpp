#include "policy/line_reader.h"

#include "core/error.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace nachos::policy {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 22;

}  // namespace

LineReader::LineReader(const std::filesystem::path& path) : where_(path.string()) {
    require(!std::filesystem::is_directory(path), ErrorKind::bad_data, "cannot read {}: it is a folder", where_);
    errno = 0;
    file_.open(path, std::ios::binary);
    require(file_.is_open(), ErrorKind::bad_data, "cannot read {}: {}", where_, std::strerror(errno));
    std::error_code no_size;
    const auto bytes = std::filesystem::is_regular_file(path) ? std::filesystem::file_size(path, no_size) : 0;
    if (!no_size) bytes_total_ = static_cast<std::int64_t>(bytes);
    buffer_.resize(bytes_total_ > 0 ? std::min<std::size_t>(kBufferBytes, bytes + 1) : kBufferBytes);
}

std::optional<std::string_view> LineReader::next() {
    std::size_t searched = 0;
    for (;;) {
        const char* start = buffer_.data() + begin_;
        const std::size_t held = end_ - begin_;
        if (const void* found = held > searched ? std::memchr(start + searched, '\n', held - searched) : nullptr) {
            const auto length = static_cast<std::size_t>(static_cast<const char*>(found) - start);
            return take(length, length + 1);
        }
        searched = held;
        if (refill()) continue;
        if (held == 0) return std::nullopt;
        return take(held, held);
    }
}

/// `end` is the length with the line's end.
std::string_view LineReader::take(std::size_t length, std::size_t end) {
    std::string_view line(buffer_.data() + begin_, length);
    begin_ += end;
    bytes_read_ += static_cast<std::int64_t>(end);
    ++number_;
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

/// Moves what is not yet read to the buffer's begin and reads on; false at the end of the file.
bool LineReader::refill() {
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_), buffer_.begin() + static_cast<std::ptrdiff_t>(end_),
              buffer_.begin());
    end_ -= begin_;
    begin_ = 0;
    require(end_ < buffer_.size(), ErrorKind::bad_data, "{}, line {}: is longer than {} bytes", where_, number_ + 1,
            buffer_.size());
    file_.read(buffer_.data() + end_, static_cast<std::streamsize>(buffer_.size() - end_));
    require(!file_.bad(), ErrorKind::bad_data, "{}: cannot be read behind line {}", where_, number_);
    end_ += static_cast<std::size_t>(file_.gcount());
    return file_.gcount() > 0;
}

}  // namespace nachos::policy
