#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace nachos::data {

struct Image {
    int height = 0;
    int width = 0;
    int channels = 0;
    std::vector<std::uint8_t> pixels;  ///< (H, W, C)
};

/// Somebody else's pixels, (H, W, C).
struct ImageView {
    int height = 0;
    int width = 0;
    int channels = 0;
    const std::uint8_t* pixels = nullptr;

    ImageView(int height, int width, int channels, const std::uint8_t* pixels)
        : height(height), width(width), channels(channels), pixels(pixels) {}
    ImageView(const Image& image)  // NOLINT(google-explicit-constructor): an image is viewed wherever a view is taken
        : ImageView(image.height, image.width, image.channels, image.pixels.data()) {}

    std::size_t bytes() const { return static_cast<std::size_t>(height) * width * channels; }
};

/// The one resize of training and deployment: separable triangle filter, widened when shrinking (antialiased), half-pixel
/// centres. Columns, then rows; after each pass values are rounded to nearest. Weights are integers (22 bits), so every
/// machine gives the same bytes; this is the arithmetic of Pillow's BILINEAR. The aspect ratio is not kept; an equal size is
/// a copy.
Image resize(const ImageView& image, int height, int width);

/// Name of that filter, for model files.
inline constexpr const char* kResizeFilter = "triangle-antialias";

/// Grey (ITU-R 601 luma: 0.299 R + 0.587 G + 0.114 B, rounded to nearest) or three equal channels. `channels` is 1 or 3.
Image with_channels(const ImageView& image, int channels);

/// What every image goes through before a network sees it: channels first, then size.
Image fit(const ImageView& image, int height, int width, int channels);

}  // namespace nachos::data
