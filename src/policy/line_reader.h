#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nachos::policy {

/// The lines of a text file, one at a time, through a buffer of at most 4 MB.
class LineReader {
  public:
    /// Throws Error(bad_data) if the file cannot be read.
    explicit LineReader(const std::filesystem::path& path);

    /// The next line without its end (LF or CRLF), valid until the next call; nothing at the end of the file. Throws
    /// Error(bad_data) if a line is longer than 4 MB.
    std::optional<std::string_view> next();

    std::int64_t number() const { return number_; }            ///< of the line last read, from 1
    std::int64_t bytes_read() const { return bytes_read_; }    ///< up to the end of that line
    std::int64_t bytes_total() const { return bytes_total_; }  ///< of the file; 0 if it has no size

  private:
    bool refill();
    std::string_view take(std::size_t length, std::size_t end);

    std::string where_;
    std::ifstream file_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0;  ///< of what is not yet read, in the buffer
    std::size_t end_ = 0;
    std::int64_t number_ = 0;
    std::int64_t bytes_read_ = 0;
    std::int64_t bytes_total_ = 0;
};

}  // namespace nachos::policy
