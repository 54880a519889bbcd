#include "data/image_file.h"

#include "core/error.h"
#include "core/files.h"

#include <algorithm>
#include <cctype>

namespace nachos::data {

bool is_image_name(const std::filesystem::path& path) {
    std::string extension = path.extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(), [](unsigned char c) { return std::tolower(c); });
    return extension == ".png" || extension == ".jpg" || extension == ".jpeg";
}

Image read_image(const std::filesystem::path& path) {
    constexpr std::uint64_t kMaxFile = std::uint64_t{1} << 28;
    return decode_image(core::read_file(path, kMaxFile), path.string());
}

Image decode_image(std::string_view bytes, const std::string& where) {
    if (bytes.starts_with("\x89PNG")) return decode_png(bytes, where);
    if (bytes.starts_with("\xff\xd8")) return decode_jpeg(bytes, where);
    fail(ErrorKind::bad_data, "{} is neither a PNG nor a JPEG file by its first bytes", where);
}

void check_image_size(std::int64_t height, std::int64_t width, const std::string& where) {
    require(height > 0 && width > 0 && height <= kMaxSide && width <= kMaxSide && width <= kMaxPixels / height,
            ErrorKind::bad_data, "{} is {} x {} pixels, at most {} pixels are accepted, and {} on a side", where, height,
            width, kMaxPixels, kMaxSide);
}

}  // namespace nachos::data
