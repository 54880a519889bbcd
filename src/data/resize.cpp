#include "data/resize.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace nachos::data {
namespace {

constexpr int kPrecision = 22;  // 8-bit pixels times 22-bit weights fit 31 bits

/// The input pixels that make one output pixel.
struct Taps {
    int first = 0;
    std::vector<std::int32_t> weights;  // sum to 2^kPrecision but for rounding
};

/// The nearest whole number, halves upwards.
int nearest(double value) { return static_cast<int>(std::floor(value + 0.5)); }

std::vector<Taps> triangle_taps(int in, int out) {
    const double scale = static_cast<double>(in) / out;
    const double radius = std::max(scale, 1.0);
    std::vector<Taps> taps(out);
    std::vector<double> weights;
    for (int i = 0; i < out; ++i) {
        const double centre = (i + 0.5) * scale;
        const int first = std::max(nearest(centre - radius), 0);
        const int last = std::min(nearest(centre + radius), in);
        weights.clear();
        double sum = 0;
        for (int j = first; j < last; ++j) {
            weights.push_back(std::max(0.0, 1 - std::abs(j + 0.5 - centre) / radius));
            sum += weights.back();
        }
        taps[i].first = first;
        for (double w : weights) {
            taps[i].weights.push_back(nearest(w / sum * (1 << kPrecision)));
        }
    }
    return taps;
}

std::uint8_t weigh(const Taps& taps, const std::uint8_t* pixels, std::size_t stride) {
    std::int32_t sum = 1 << (kPrecision - 1);
    for (std::int32_t w : taps.weights) {
        sum += w * *pixels;
        pixels += stride;
    }
    return static_cast<std::uint8_t>(std::min(sum >> kPrecision, 255));
}

Image resize_columns(const ImageView& in, int width) {
    Image out{in.height, width, in.channels, {}};
    out.pixels.resize(static_cast<std::size_t>(in.height) * width * in.channels);
    const auto taps = triangle_taps(in.width, width);
    std::uint8_t* target = out.pixels.data();
    for (int y = 0; y < in.height; ++y) {
        const std::uint8_t* row = in.pixels + static_cast<std::size_t>(y) * in.width * in.channels;
        for (const Taps& t : taps) {
            for (int c = 0; c < in.channels; ++c) *target++ = weigh(t, row + t.first * in.channels + c, in.channels);
        }
    }
    return out;
}

Image resize_rows(const ImageView& in, int height) {
    Image out{height, in.width, in.channels, {}};
    const std::size_t stride = static_cast<std::size_t>(in.width) * in.channels;
    out.pixels.resize(height * stride);
    std::uint8_t* target = out.pixels.data();
    for (const Taps& t : triangle_taps(in.height, height)) {
        for (std::size_t x = 0; x < stride; ++x) *target++ = weigh(t, in.pixels + t.first * stride + x, stride);
    }
    return out;
}

Image copy_of(const ImageView& image) {
    return {image.height, image.width, image.channels, {image.pixels, image.pixels + image.bytes()}};
}

}  // namespace

Image resize(const ImageView& image, int height, int width) {
    assert(height > 0 && width > 0);
    if (width == image.width && height == image.height) return copy_of(image);
    if (width == image.width) return resize_rows(image, height);
    Image narrow = resize_columns(image, width);
    return height == image.height ? narrow : resize_rows(narrow, height);
}

Image with_channels(const ImageView& image, int channels) {
    assert(channels == 1 || channels == 3);
    if (channels == image.channels) return copy_of(image);
    Image out{image.height, image.width, channels, {}};
    const std::size_t count = static_cast<std::size_t>(image.height) * image.width;
    out.pixels.reserve(count * channels);
    for (std::size_t i = 0; i < count; ++i) {
        if (channels == 3) {
            out.pixels.insert(out.pixels.end(), 3, image.pixels[i]);
        } else {
            // The luma weights times 2^16; they sum to 2^16.
            const std::uint8_t* p = image.pixels + 3 * i;
            out.pixels.push_back(static_cast<std::uint8_t>((p[0] * 19595 + p[1] * 38470 + p[2] * 7471 + 0x8000) >> 16));
        }
    }
    return out;
}

Image fit(const ImageView& image, int height, int width, int channels) {
    if (channels == image.channels) return resize(image, height, width);
    return resize(with_channels(image, channels), height, width);
}

}  // namespace nachos::data
