#include "data/resize.h"

#include "core/rng.h"

#include <gtest/gtest.h>

#include <cmath>

namespace nachos::data {
namespace {

Image noise(int height, int width, int channels, std::uint64_t seed) {
    core::Rng rng(seed);
    Image image{height, width, channels, std::vector<std::uint8_t>(static_cast<std::size_t>(height) * width * channels)};
    for (auto& p : image.pixels) p = static_cast<std::uint8_t>(rng.below(256));
    return image;
}

/// The triangle filter by its definition, over every input position of one axis.
double weight(int in, int out, int i, int j) {
    const double scale = static_cast<double>(in) / out;
    const double distance = std::abs((j + 0.5) - (i + 0.5) * scale);
    return std::max(0.0, 1 - distance / std::max(1.0, scale));
}

double naive(const Image& image, int height, int width, int y, int x, int c) {
    double sum = 0, total = 0;
    for (int v = 0; v < image.height; ++v) {
        for (int u = 0; u < image.width; ++u) {
            const double w = weight(image.height, height, y, v) * weight(image.width, width, x, u);
            sum += w * image.pixels[(static_cast<std::size_t>(v) * image.width + u) * image.channels + c];
            total += w;
        }
    }
    return sum / total;
}

TEST(Resize, DoublesARowByHand) {
    // Centres of the outputs in input pixels: 0.25, 0.75, 1.25, 1.75; e.g. the second is 3/4 of 0 and 1/4 of 100.
    const Image row{1, 2, 1, {0, 100}};
    EXPECT_EQ(resize(row, 1, 4).pixels, (std::vector<std::uint8_t>{0, 25, 75, 100}));
}

TEST(Resize, HalvesARowByHand) {
    // The filter of the first output is centred on 1 and 2 wide on each side: weights 0.75, 0.75, 0.25, normalised by 1.75.
    const Image row{1, 4, 1, {0, 70, 140, 210}};
    EXPECT_EQ(resize(row, 1, 2).pixels, (std::vector<std::uint8_t>{50, 160}));
}

TEST(Resize, KeepsAnEqualSizeExactly) {
    const Image image = noise(7, 5, 3, 1);
    EXPECT_EQ(resize(image, 7, 5).pixels, image.pixels);
}

TEST(Resize, KeepsAnEqualAxisExactly) {
    const Image image = noise(6, 4, 1, 2);
    const Image taller = resize(image, 12, 4);
    for (int x = 0; x < 4; ++x) EXPECT_EQ(taller.pixels[x], image.pixels[x]) << "first row, column " << x;
}

TEST(Resize, MatchesTheFilterEvaluatedNaively) {
    struct Case {
        int height, width, to_height, to_width, channels;
    };
    for (const Case& k :
         {Case{9, 7, 4, 3, 1}, Case{5, 6, 11, 13, 3}, Case{16, 4, 5, 9, 3}, Case{33, 31, 8, 8, 1}, Case{1, 1, 3, 2, 3}}) {
        const Image image = noise(k.height, k.width, k.channels, 3);
        const Image result = resize(image, k.to_height, k.to_width);
        ASSERT_EQ(result.pixels.size(), static_cast<std::size_t>(k.to_height) * k.to_width * k.channels);
        std::size_t at = 0;
        for (int y = 0; y < k.to_height; ++y) {
            for (int x = 0; x < k.to_width; ++x) {
                for (int c = 0; c < k.channels; ++c, ++at) {
                    // Half a step of rounding after each of the two passes.
                    EXPECT_NEAR(result.pixels[at], naive(image, k.to_height, k.to_width, y, x, c), 1.0 + 1e-3);
                }
            }
        }
    }
}

TEST(Resize, KeepsAFlatColour) {
    const Image image{3024 / 16, 11, 1, std::vector<std::uint8_t>(3024 / 16 * 11, 255)};
    const Image result = resize(image, 32, 32);
    for (auto p : result.pixels) ASSERT_EQ(p, 255);
}

TEST(WithChannels, GreyIsLumaByHand) {
    // 0.299 * 100 + 0.587 * 50 + 0.114 * 200 = 82.05; the pure colours give 76.2, 149.7 and 29.1.
    const Image colour{1, 5, 3, {100, 50, 200, 255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255}};
    EXPECT_EQ(with_channels(colour, 1).pixels, (std::vector<std::uint8_t>{82, 76, 150, 29, 255}));
}

TEST(WithChannels, GreyBecomesThreeEqualChannels) {
    const Image grey{1, 2, 1, {7, 9}};
    EXPECT_EQ(with_channels(grey, 3).pixels, (std::vector<std::uint8_t>{7, 7, 7, 9, 9, 9}));
}

TEST(Fit, ConvertsColourBeforeSize) {
    const Image image = noise(9, 9, 3, 4);
    EXPECT_EQ(fit(image, 4, 4, 1).pixels, resize(with_channels(image, 1), 4, 4).pixels);
}

}  // namespace
}  // namespace nachos::data
