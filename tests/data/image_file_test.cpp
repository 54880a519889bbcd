#include "data/image_file.h"

#include "core/files.h"
#include "data/files.h"

#include <png.h>
#include <zlib.h>

namespace nachos::data {
namespace {

using test::expect_error;
using test::flat_image;
using Bytes = std::vector<std::uint8_t>;

class ImageFile : public test::Folder {
  protected:
    Image png(const test::PngFile& file) {
        test::write_png(at("a.png"), file);
        return read_image(at("a.png"));
    }
    Image jpeg(const Image& image) {
        test::write_jpeg(at("a.jpg"), image);
        return read_image(at("a.jpg"));
    }
    void expect_bad(const std::string& name, std::initializer_list<std::string> parts) {
        expect_error(ErrorKind::bad_data, parts, [&] { read_image(at(name)); });
    }
};

/// Changes width and height in a PNG's header, and its checksum with them.
void set_png_size(const std::filesystem::path& path, const std::string& width_and_height) {
    std::string content = core::read_file(path);
    content.replace(16, 8, width_and_height);
    const auto crc = crc32(0, reinterpret_cast<const Bytef*>(content.data() + 12), 17);
    for (int i = 0; i < 4; ++i) content[29 + i] = static_cast<char>(crc >> (24 - 8 * i));
    test::write_bytes(path, content);
}

TEST_F(ImageFile, PngGrey) {
    const Image image = png({.height = 2, .width = 2, .type = PNG_COLOR_TYPE_GRAY, .samples = {1, 2, 3, 4}});
    EXPECT_EQ(image.channels, 1);
    EXPECT_EQ(image.height, 2);
    EXPECT_EQ(image.pixels, (Bytes{1, 2, 3, 4}));
}

TEST_F(ImageFile, PngOneBit) {
    const Image image = png({.width = 8, .bits = 1, .type = PNG_COLOR_TYPE_GRAY, .samples = {0b10100001}});
    EXPECT_EQ(image.pixels, (Bytes{255, 0, 255, 0, 0, 0, 0, 255}));
}

TEST_F(ImageFile, PngSixteenBitsAreScaled) {
    // 0x8001 / 65535 * 255 = 127.5, rounded to 128.
    const Image image = png({.width = 2, .bits = 16, .type = PNG_COLOR_TYPE_GRAY, .samples = {0x80, 0x01, 0xff, 0xff}});
    EXPECT_EQ(image.pixels, (Bytes{128, 255}));
}

TEST_F(ImageFile, PngPalette) {
    const Image image = png({.width = 3, .type = PNG_COLOR_TYPE_PALETTE, .samples = {2, 0, 1}});
    EXPECT_EQ(image.channels, 3);
    EXPECT_EQ(image.pixels, (Bytes{40, 50, 60, 0, 0, 0, 10, 20, 30}));
}

TEST_F(ImageFile, PngAlphaIsDropped) {
    EXPECT_EQ(png({.width = 2, .type = PNG_COLOR_TYPE_RGB_ALPHA, .samples = {1, 2, 3, 0, 4, 5, 6, 128}}).pixels,
              (Bytes{1, 2, 3, 4, 5, 6}));
    EXPECT_EQ(png({.width = 2, .type = PNG_COLOR_TYPE_GRAY_ALPHA, .samples = {9, 0, 8, 255}}).pixels, (Bytes{9, 8}));
}

TEST_F(ImageFile, JpegGreyAndColour) {
    EXPECT_EQ(jpeg(flat_image(9, 17, {77})).pixels, flat_image(9, 17, {77}).pixels);
    const Image colour = jpeg(flat_image(9, 17, {200, 100, 50}));
    ASSERT_EQ(colour.channels, 3);
    for (std::size_t i = 0; i < colour.pixels.size(); ++i) EXPECT_NEAR(colour.pixels[i], (Bytes{200, 100, 50})[i % 3], 2);
}

TEST_F(ImageFile, JpegCmykBecomesColour) {
    // libjpeg writes Adobe's marker, so values are inverted inks: red = 255 * 204 / 255.
    const Image image = jpeg(flat_image(8, 8, {255, 128, 0, 204}));
    ASSERT_EQ(image.channels, 3);
    for (std::size_t i = 0; i < image.pixels.size(); ++i) EXPECT_NEAR(image.pixels[i], (Bytes{204, 102, 0})[i % 3], 2);
}

TEST_F(ImageFile, ContentDecidesNotTheName) {
    test::write_png(at("a.jpg"), {.samples = {5}});
    EXPECT_EQ(read_image(at("a.jpg")).pixels, (Bytes{5}));
}

TEST_F(ImageFile, NamesInAnyCase) {
    for (const char* name : {"a.png", "b.JPG", "c.Jpeg"}) EXPECT_TRUE(is_image_name(name)) << name;
    for (const char* name : {"a.bmp", "png", "c.jpg.txt"}) EXPECT_FALSE(is_image_name(name)) << name;
}

TEST_F(ImageFile, TruncatedPng) {
    test::write_png(at("a.png"), {.height = 4, .width = 2, .samples = Bytes(8, 3)});
    test::truncate(at("a.png"), 20);
    expect_bad("a.png", {"a.png is a damaged PNG file", "truncated"});
    test::write_bytes(at("b.png"), core::read_file(at("a.png")).substr(0, 20));
    expect_bad("b.png", {"b.png is a damaged PNG file", "truncated"});
}

TEST_F(ImageFile, CorruptPngFailsItsChecksum) {
    test::write_png(at("a.png"), {.height = 4, .width = 2, .samples = Bytes(8, 3)});
    test::corrupt(at("a.png"), -20);
    expect_bad("a.png", {"a.png is a damaged PNG file"});
}

TEST_F(ImageFile, TruncatedJpeg) {
    test::write_jpeg(at("a.jpg"), flat_image(64, 64, {1, 2, 3}));
    test::truncate(at("a.jpg"), 20);
    expect_bad("a.jpg", {"a.jpg is a damaged JPEG file", "Premature end"});
    test::write_bytes(at("b.jpg"), core::read_file(at("a.jpg")).substr(0, 30));
    expect_bad("b.jpg", {"b.jpg is a damaged JPEG file"});
}

TEST_F(ImageFile, NeitherPngNorJpeg) {
    test::write_bytes(at("a.png"), "GIF89a");
    expect_bad("a.png", {"a.png is neither a PNG nor a JPEG"});
}

TEST_F(ImageFile, TooManyPixelsAreRefusedBeforeAllocation) {
    test::write_png(at("a.png"), {.samples = {0}});
    set_png_size(at("a.png"), {0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30});
    expect_bad("a.png", {"a.png is 30000 x 30000 pixels, at most 67108864 pixels"});
    set_png_size(at("a.png"), {0, 0, 0, 1, 0, 1, 0, 0});  // made wider, it would be wide 65536 times over
    expect_bad("a.png", {"a.png is 65536 x 1 pixels", "65535 on a side"});
}

TEST_F(ImageFile, MorePixelsThanTheFileCanHoldAreRefusedBeforeAllocation) {
    test::write_png(at("a.png"), {.samples = {0}});
    set_png_size(at("a.png"), {0, 0, 0x20, 0, 0, 0, 0x20, 0});
    expect_bad("a.png", {"a.png announces 8192 x 8192 pixels, more than its", "bytes can hold"});
    test::write_jpeg(at("a.jpg"), flat_image(8, 8, {1}));
    std::string content = core::read_file(at("a.jpg"));
    content.replace(content.find("\xff\xc0") + 5, 4, "\x1f\xff\x1f\xff");
    test::write_bytes(at("a.jpg"), content);
    expect_bad("a.jpg", {"a.jpg announces 8191 x 8191 pixels, more than its", "bytes can hold"});
}

}  // namespace
}  // namespace nachos::data
