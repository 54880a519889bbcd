#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace nachos::data {

/// No gzip stream expands further (zlib's technical note), so a size beyond this factor is a lie.
inline constexpr std::size_t kGzipMaxRatio = 1032;

bool is_gzip(std::string_view bytes);

/// The first `max_bytes` bytes of a gzip stream; its checksum is verified only if it ends before.
/// Throws Error(bad_data), naming `where`, if it is truncated or corrupt.
std::string gunzip(std::string_view bytes, std::size_t max_bytes, const std::string& where);

/// The same of a stream as zlib has it, which MATLAB's files hold.
std::string unzip(std::string_view bytes, std::size_t max_bytes, const std::string& where);

}  // namespace nachos::data
