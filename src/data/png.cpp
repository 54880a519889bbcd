#include "core/error.h"
#include "data/gzip.h"
#include "data/image_file.h"

#include <png.h>

#include <csetjmp>
#include <cstring>

namespace nachos::data {
namespace {

/// All that lives across libpng's longjmp, so that nothing with a destructor is jumped over.
struct Decoder {
    png_structp png = nullptr;
    png_infop info = nullptr;
    std::string_view rest;
    std::size_t file_bytes = 0;
    bool possible = false;  ///< that the file holds as many pixels as it says
    std::string message;
    Image image;
    std::vector<png_bytep> rows;

    ~Decoder() { png_destroy_read_struct(&png, &info, nullptr); }
};

void read_bytes(png_structp png, png_bytep out, std::size_t count) {
    auto& rest = *static_cast<std::string_view*>(png_get_io_ptr(png));
    if (count > rest.size()) png_error(png, "the file is truncated");
    std::memcpy(out, rest.data(), count);
    rest.remove_prefix(count);
}

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
    *static_cast<std::string*>(png_get_error_ptr(png)) = message;
    longjmp(png_jmpbuf(png), 1);
}

void on_warning(png_structp, png_const_charp) {}

/// Fewer bytes cannot unfold to so many pixels; checked before memory is taken for them.
bool can_hold_pixels(const Decoder& d, std::size_t file_bytes) {
    const auto bits = static_cast<std::uint64_t>(png_get_bit_depth(d.png, d.info)) * png_get_channels(d.png, d.info);
    const auto pixels = static_cast<std::uint64_t>(png_get_image_height(d.png, d.info)) * png_get_image_width(d.png, d.info);
    return pixels * bits / 8 <= file_bytes * kGzipMaxRatio;
}

/// Reads the header and asks for 8 bits, grey or colour, no alpha. False if libpng gave up.
bool read_header(Decoder& d) {
    if (setjmp(png_jmpbuf(d.png))) return false;
    png_set_keep_unknown_chunks(d.png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);  // texts, profiles: not even unpacked
    png_read_info(d.png, d.info);
    d.possible = can_hold_pixels(d, d.file_bytes);
    png_set_scale_16(d.png);
    if (png_get_color_type(d.png, d.info) == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(d.png);
    if (png_get_color_type(d.png, d.info) == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(d.png);
    png_set_strip_alpha(d.png);
    png_set_interlace_handling(d.png);
    png_read_update_info(d.png, d.info);
    return true;
}

bool read_rows(Decoder& d) {
    if (setjmp(png_jmpbuf(d.png))) return false;
    png_read_image(d.png, d.rows.data());
    png_read_end(d.png, nullptr);
    return true;
}

}  // namespace

Image decode_png(std::string_view bytes, const std::string& where) {
    Decoder d;
    d.rest = bytes;
    d.file_bytes = bytes.size();
    d.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &d.message, on_error, on_warning);
    require(d.png != nullptr, ErrorKind::runtime, "cannot start libpng");
    d.info = png_create_info_struct(d.png);
    require(d.info != nullptr, ErrorKind::runtime, "cannot start libpng");
    png_set_read_fn(d.png, &d.rest, read_bytes);
    require(read_header(d), ErrorKind::bad_data, "{} is a damaged PNG file: {}", where, d.message);
    check_image_size(png_get_image_height(d.png, d.info), png_get_image_width(d.png, d.info), where);
    require(d.possible, ErrorKind::bad_data, "{} announces {} x {} pixels, more than its {} bytes can hold", where,
            png_get_image_height(d.png, d.info), png_get_image_width(d.png, d.info), bytes.size());
    d.image.height = static_cast<int>(png_get_image_height(d.png, d.info));
    d.image.width = static_cast<int>(png_get_image_width(d.png, d.info));
    d.image.channels = png_get_channels(d.png, d.info);
    const std::size_t stride = png_get_rowbytes(d.png, d.info);
    d.image.pixels.resize(stride * d.image.height);
    for (int y = 0; y < d.image.height; ++y) d.rows.push_back(d.image.pixels.data() + y * stride);
    require(read_rows(d), ErrorKind::bad_data, "{} is a damaged PNG file: {}", where, d.message);
    return std::move(d.image);
}

}  // namespace nachos::data
