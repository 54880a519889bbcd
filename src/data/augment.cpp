#include "data/augment.h"

#include "core/error.h"
#include "data/parts.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace nachos::data {

Augmenter::Augmenter(const Examples& examples, const AugmentOptions& options) : examples_(examples), options_(options) {
    require(options.pad_crop >= 0 && options.pad_crop <= 32, ErrorKind::usage, "augment.pad_crop is {}, allowed is 0 to 32",
            options.pad_crop);
    require(options.cutout >= 0 && options.cutout <= 64, ErrorKind::usage, "augment.cutout is {}, allowed is 0 to 64",
            options.cutout);
    if (options.pad_crop == 0 && options.cutout == 0) return;
    for (float m : statistics_of(examples).mean) mean_.push_back(static_cast<std::uint8_t>(std::lround(m * 255)));
}

void Augmenter::apply(std::size_t row, core::Rng& rng, std::uint8_t* out) const {
    const std::uint8_t* image = examples_.image(row);
    if (options_.pad_crop > 0) {
        const int shift_y = rng.between(-options_.pad_crop, options_.pad_crop);
        const int shift_x = rng.between(-options_.pad_crop, options_.pad_crop);
        crop(image, shift_y, shift_x, out);
    } else {
        std::memcpy(out, image, examples_.image_bytes());
    }
    if (options_.flip && rng.chance(0.5)) mirror(out);
    if (options_.cutout > 0) {
        const int centre_y = rng.between(0, examples_.height - 1);
        const int centre_x = rng.between(0, examples_.width - 1);
        cut(centre_y, centre_x, out);
    }
}

void Augmenter::fill(std::uint8_t* begin, int pixels) const {
    for (int i = 0; i < pixels; ++i) begin = std::copy(mean_.begin(), mean_.end(), begin);
}

void Augmenter::crop(const std::uint8_t* image, int shift_y, int shift_x, std::uint8_t* out) const {
    const int height = examples_.height, width = examples_.width, channels = examples_.channels;
    // Columns [left, right) of the result lie inside the image.
    const int left = std::clamp(-shift_x, 0, width), right = std::clamp(width - shift_x, left, width);
    for (int y = 0; y < height; ++y, out += static_cast<std::ptrdiff_t>(width) * channels) {
        const int source = y + shift_y;
        if (source < 0 || source >= height || left == right) {
            fill(out, width);
            continue;
        }
        fill(out, left);
        std::memcpy(out + left * channels, image + (static_cast<std::ptrdiff_t>(source) * width + left + shift_x) * channels,
                    static_cast<std::size_t>(right - left) * channels);
        fill(out + right * channels, width - right);
    }
}

void Augmenter::mirror(std::uint8_t* image) const {
    const int width = examples_.width, channels = examples_.channels;
    for (int y = 0; y < examples_.height; ++y, image += static_cast<std::ptrdiff_t>(width) * channels) {
        for (int x = 0; x < width / 2; ++x) {
            std::swap_ranges(image + x * channels, image + (x + 1) * channels, image + (width - 1 - x) * channels);
        }
    }
}

void Augmenter::cut(int centre_y, int centre_x, std::uint8_t* image) const {
    const int top = centre_y - options_.cutout / 2, left = centre_x - options_.cutout / 2;
    const int x0 = std::max(left, 0), x1 = std::min(left + options_.cutout, examples_.width);
    const int y0 = std::max(top, 0), y1 = std::min(top + options_.cutout, examples_.height);
    for (int y = y0; y < y1; ++y) {
        fill(image + (static_cast<std::ptrdiff_t>(y) * examples_.width + x0) * examples_.channels, x1 - x0);
    }
}

}  // namespace nachos::data
