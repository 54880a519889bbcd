#include "data/files.h"

#include "core/files.h"

#include <png.h>
#include <zlib.h>

#include <cstdio>

#include <jpeglib.h>

#include <fstream>
#include <numeric>

namespace nachos::test {

namespace fs = std::filesystem;
using data::Image;

fs::path Folder::at(const std::string& name) const {
    const fs::path path = folder_ / name;
    fs::create_directories(path.parent_path());
    return path;
}

void write_bytes(const fs::path& path, std::string_view bytes) {
    std::ofstream out(path, std::ios::binary);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    ASSERT_TRUE(out.good()) << path;
}

void truncate(const fs::path& path, std::size_t bytes) { fs::resize_file(path, fs::file_size(path) - bytes); }

void corrupt(const fs::path& path, std::ptrdiff_t offset) {
    std::string content = core::read_file(path);
    char& byte = content[offset < 0 ? content.size() + offset : offset];
    byte = static_cast<char>(~byte);
    write_bytes(path, content);
}

std::string gzip(std::string_view bytes) {
    z_stream z{};
    EXPECT_EQ(deflateInit2(&z, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    std::string out(deflateBound(&z, bytes.size()), '\0');
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    z.avail_in = static_cast<uInt>(bytes.size());
    z.next_out = reinterpret_cast<Bytef*>(out.data());
    z.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
    out.resize(z.total_out);
    deflateEnd(&z);
    return out;
}

std::string idx(const std::vector<std::uint32_t>& sizes, std::string_view content) {
    std::string out{0, 0, 8, static_cast<char>(sizes.size())};
    for (std::uint32_t n : sizes) {
        for (int shift : {24, 16, 8, 0}) out.push_back(static_cast<char>(n >> shift));
    }
    return out.append(content);
}

void write_idx_split(const fs::path& folder, const std::string& stem, const std::string& labels) {
    const auto count = static_cast<std::uint32_t>(labels.size());
    std::string pixels(6 * labels.size(), '\0');
    std::iota(pixels.begin(), pixels.end(), 0);
    write_bytes(folder / (stem + "images-idx3-ubyte"), idx({count, 2, 3}, pixels));
    write_bytes(folder / (stem + "labels-idx1-ubyte"), idx({count}, labels));
}

void write_png(const fs::path& path, const PngFile& file) {
    std::FILE* out = std::fopen(path.c_str(), "wb");
    ASSERT_NE(out, nullptr) << path;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
    png_infop info = png_create_info_struct(png);
    png_init_io(png, out);
    png_set_IHDR(png, info, file.width, file.height, file.bits, file.type, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    const png_color palette[] = {{0, 0, 0}, {10, 20, 30}, {40, 50, 60}};
    if (file.type == PNG_COLOR_TYPE_PALETTE) png_set_PLTE(png, info, palette, 3);
    png_write_info(png, info);
    const std::size_t stride = png_get_rowbytes(png, info);
    ASSERT_EQ(file.samples.size(), stride * file.height);
    for (int y = 0; y < file.height; ++y) png_write_row(png, file.samples.data() + y * stride);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    std::fclose(out);
}

void write_jpeg(const fs::path& path, const Image& image) {
    std::FILE* out = std::fopen(path.c_str(), "wb");
    ASSERT_NE(out, nullptr) << path;
    jpeg_compress_struct jpeg{};
    jpeg_error_mgr errors{};
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_stdio_dest(&jpeg, out);
    jpeg.image_height = image.height;
    jpeg.image_width = image.width;
    jpeg.input_components = image.channels;
    jpeg.in_color_space = image.channels == 1 ? JCS_GRAYSCALE : image.channels == 3 ? JCS_RGB : JCS_CMYK;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 100, TRUE);
    jpeg.comp_info[0].h_samp_factor = jpeg.comp_info[0].v_samp_factor = 1;
    jpeg_start_compress(&jpeg, TRUE);
    const std::size_t stride = static_cast<std::size_t>(image.width) * image.channels;
    for (int y = 0; y < image.height; ++y) {
        JSAMPROW row = const_cast<JSAMPROW>(image.pixels.data() + y * stride);
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    std::fclose(out);
}

Image flat_image(int height, int width, std::vector<std::uint8_t> colour) {
    Image image{height, width, static_cast<int>(colour.size()), {}};
    for (int i = 0; i < height * width; ++i) image.pixels.insert(image.pixels.end(), colour.begin(), colour.end());
    return image;
}

}  // namespace nachos::test
