#pragma once

#include "data/resize.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace nachos::data {

/// No image with more pixels, or a longer side, is decoded; checked before memory is taken. The side is JPEG's own limit:
/// what resizing holds between its two passes grows with it.
inline constexpr std::int64_t kMaxPixels = std::int64_t{1} << 26;
inline constexpr std::int64_t kMaxSide = 65535;

/// True for names that end in .png, .jpg or .jpeg, in any case.
bool is_image_name(const std::filesystem::path& path);

/// Reads a PNG or JPEG file, told apart by content. Grey files give 1 channel, all others 3. Alpha is dropped, 16 bits are
/// scaled to 8, CMYK is converted without a colour profile; gamma and EXIF orientation are passed over.
/// Throws Error(bad_data), naming the file, if it is neither, damaged, truncated or too large.
Image read_image(const std::filesystem::path& path);

/// The same on bytes in memory, and its two decoders; `where` names the bytes in errors.
Image decode_image(std::string_view bytes, const std::string& where);
Image decode_png(std::string_view bytes, const std::string& where);
Image decode_jpeg(std::string_view bytes, const std::string& where);

/// Throws Error(bad_data) unless the size is positive and within those limits.
void check_image_size(std::int64_t height, std::int64_t width, const std::string& where);

}  // namespace nachos::data
