#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace nachos::core {

/// The whole file. Throws Error(bad_data) if it cannot be read or is larger than `max_bytes`.
std::string read_file(const std::filesystem::path& path, std::uint64_t max_bytes = std::uint64_t{1} << 32);

/// When a written file must be on the disk: at once, or when `sync_files` says so; writing then goes on beside the program.
enum class Sync { now, later };

/// Writes to a temporary name beside `path`, syncs, renames, syncs the folder: afterwards the file is whole, or as it was
/// before. Throws Error(runtime) with the system's reason.
void write_file_atomic(const std::filesystem::path& path, std::string_view content, Sync sync = Sync::now);

/// Waits until the files, and their names in their folders, are on the disk. Throws Error(runtime).
void sync_files(std::span<const std::filesystem::path> paths);

/// The temporary name that this process gives to what shall become `path`.
std::filesystem::path temporary_for(const std::filesystem::path& path);

/// Syncs the file, gives it its name, syncs the folder. Throws Error(runtime); the temporary is then gone.
void replace_file(const std::filesystem::path& temporary, const std::filesystem::path& path);

/// Removes from a folder (not from those in it) the temporaries of processes that have ended.
void remove_leftovers(const std::filesystem::path& folder);

/// Folder of the running program, so that programs find each other.
std::filesystem::path program_folder();

}  // namespace nachos::core
