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
    const std::string bytes = core::read_file(path, kMaxFile);
    if (bytes.starts_with("\x89PNG")) return decode_png(bytes, path.string());
    if (bytes.starts_with("\xff\xd8")) return decode_jpeg(bytes, path.string());
    fail(ErrorKind::bad_data, "{} is neither a PNG nor a JPEG file by its first bytes", path.string());
}

void check_image_size(std::int64_t height, std::int64_t width, const std::string& where) {
    require(height > 0 && width > 0 && width <= kMaxPixels / height, ErrorKind::bad_data,
            "{} is {} x {} pixels, at most {} pixels are accepted", where, height, width, kMaxPixels);
}

}  // namespace nachos::data
