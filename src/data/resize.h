#pragma once

#include <cstdint>
#include <vector>

namespace nachos::data {

struct Image {
    int height = 0;
    int width = 0;
    int channels = 0;
    std::vector<std::uint8_t> pixels;  ///< (H, W, C)
};

/// The one resize of training and deployment: separable triangle filter, widened when shrinking (antialiased, as Pillow's
/// BILINEAR), half-pixel centres, rounded to nearest. The aspect ratio is not kept.
Image resize(const Image& image, int height, int width);

/// Name of that filter, for model files.
inline constexpr const char* kResizeFilter = "triangle-antialias";

/// Grey (ITU-R 601 luma: 0.299 R + 0.587 G + 0.114 B) or three equal channels.
Image with_channels(const Image& image, int channels);

}  // namespace nachos::data
