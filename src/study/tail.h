#pragma once

#include "study/evaluation_row.h"

#include <sys/types.h>

#include <filesystem>
#include <mutex>
#include <span>

namespace nachos::study {

/// The tail: evaluations that came after snapshot.db was copied, one JSON line each, so that viewers need not wait for the
/// next copy. It is for viewers only, and never synced: study.db is what counts. Of lines with the same row's number the
/// last one holds, also against the copy's row.

inline constexpr std::uint64_t kMostTailBytes = std::uint64_t{1} << 26;

/// Writes it. What fails here (a full disk, say) fails in silence: viewers then wait for the next copy. Safe to use from any
/// thread.
class TailWriter {
  public:
    /// Goes on behind what an earlier writer left; a line it had half written is cut off.
    explicit TailWriter(std::filesystem::path file);
    ~TailWriter();
    TailWriter(const TailWriter&) = delete;
    TailWriter& operator=(const TailWriter&) = delete;

    /// Adds rows that have been stored. None once the file would be larger than kMostTailBytes.
    void add(std::span<const EvaluationRow> rows);
    /// Bytes so far: what a copy that begins now has.
    std::uint64_t end() const;
    /// Takes the first `copied` bytes off, as a copy that has them stands in its place.
    void drop(std::uint64_t copied);

  private:
    void open();
    void close();

    const std::filesystem::path file_;
    mutable std::mutex mutex_;
    int descriptor_ = -1;     ///< -1 = it cannot be written
    std::uint64_t size_ = 0;  ///< of whole lines
};

/// A line of the tail, and how an error names it.
struct TailRow {
    EvaluationRow row;
    std::string where;
};

/// Reads it, which may be anybody's.
class TailReader {
  public:
    explicit TailReader(std::filesystem::path file = {}) : file_(std::move(file)) {}

    /// Lines that came since the last call, or all if the file is another one now. A line without its end is still being
    /// written and left for later. No file has no lines. Throws Error(bad_data) if it is no plain file, has more than
    /// kMostTailBytes or a damaged line, Error(runtime) if it cannot be read; the next call then begins where this one did.
    std::vector<TailRow> more();

  private:
    std::filesystem::path file_;
    ino_t number_ = 0;        ///< of the file that was read
    std::uint64_t read_ = 0;  ///< bytes of it
    int lines_ = 0;
};

}  // namespace nachos::study
