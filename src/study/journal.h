#pragma once

#include <cstdint>
#include <filesystem>

namespace nachos::study {

/// How SQLite makes a commit whole. `wal` appends to a log that the processes of one machine find by shared memory;
/// `rollback` keeps the old pages in a file until the new ones are synced, and needs no such memory.
enum class Journal { wal, rollback };

/// The journal that works on a file system, named by statfs's f_type: `rollback` where memory is not shared between the
/// machines that see the file, `wal` elsewhere.
Journal journal_for(std::uint32_t file_system);

/// The same for the file system that holds the folder; `rollback` where it does not tell.
Journal journal_in(const std::filesystem::path& folder);

}  // namespace nachos::study
