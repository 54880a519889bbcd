#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace nachos::core {

/// The whole file. Throws Error(bad_data) if it cannot be read or is larger than `max_bytes`.
std::string read_file(const std::filesystem::path& path, std::uint64_t max_bytes = std::uint64_t{1} << 32);

/// Writes to a temporary name beside `path`, syncs, renames: afterwards the file is whole, or as it was before.
/// Throws Error(runtime) with the system's reason.
void write_file_atomic(const std::filesystem::path& path, std::string_view content);

/// Folder of the running program, so that programs find each other.
std::filesystem::path program_folder();

}  // namespace nachos::core
