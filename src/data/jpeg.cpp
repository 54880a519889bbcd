#include "core/error.h"
#include "data/image_file.h"

#include <cstdio>  // jpeglib.h needs FILE

#include <jerror.h>
#include <jpeglib.h>

#include <algorithm>
#include <array>
#include <csetjmp>

namespace nachos::data {
namespace {

constexpr int kMaxScans = 100;                 // of a progressive file; usual are 10
constexpr std::int64_t kPixelsPerByte = 8192;  // a Huffman code has a bit or more, and codes at most 32 x 32 pixels

/// All that lives across libjpeg's longjmp, so that nothing with a destructor is jumped over.
struct Decoder {
    jpeg_decompress_struct jpeg{};
    jpeg_error_mgr errors{};
    jpeg_progress_mgr progress{};
    std::jmp_buf jump;
    std::array<char, JMSG_LENGTH_MAX> message{};
    Image image;

    ~Decoder() { jpeg_destroy_decompress(&jpeg); }
};

[[noreturn]] void on_error(j_common_ptr jpeg) {
    auto& d = *static_cast<Decoder*>(jpeg->client_data);
    jpeg->err->format_message(jpeg, d.message.data());
    longjmp(d.jump, 1);
}

/// libjpeg goes on after these, with made-up pixels; for us the file is damaged.
void on_message(j_common_ptr jpeg, int level) {
    constexpr std::array kDamage{JWRN_HIT_MARKER, JWRN_HUFF_BAD_CODE, JWRN_JPEG_EOF, JWRN_MUST_RESYNC};
    const bool damage = std::find(kDamage.begin(), kDamage.end(), jpeg->err->msg_code) != kDamage.end();
    if (level < 0 && damage) on_error(jpeg);
}

/// A progressive file passes over all pixels once a scan, however few bytes that scan has.
void on_progress(j_common_ptr jpeg) {
    auto& d = *static_cast<Decoder*>(jpeg->client_data);
    if (d.jpeg.input_scan_number <= kMaxScans) return;
    *fmt::format_to(d.message.data(), "it has more than {} scans", kMaxScans) = '\0';
    longjmp(d.jump, 1);
}

bool read_header(Decoder& d, std::string_view bytes) {
    if (setjmp(d.jump)) return false;
    jpeg_create_decompress(&d.jpeg);
    d.progress.progress_monitor = on_progress;
    d.jpeg.progress = &d.progress;
    jpeg_mem_src(&d.jpeg, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    jpeg_read_header(&d.jpeg, TRUE);
    return true;
}

bool read_rows(Decoder& d, J_COLOR_SPACE colours) {
    if (setjmp(d.jump)) return false;
    d.jpeg.out_color_space = colours;
    jpeg_start_decompress(&d.jpeg);
    const std::size_t stride = static_cast<std::size_t>(d.jpeg.output_width) * d.jpeg.output_components;
    d.image.pixels.resize(stride * d.jpeg.output_height);
    while (d.jpeg.output_scanline < d.jpeg.output_height) {
        JSAMPROW row = d.image.pixels.data() + d.jpeg.output_scanline * stride;
        jpeg_read_scanlines(&d.jpeg, &row, 1);
    }
    jpeg_finish_decompress(&d.jpeg);
    return true;
}

/// Four inks to three lights, in place. Adobe's programs store inks inverted.
void cmyk_to_rgb(std::vector<std::uint8_t>& pixels, bool inverted) {
    const auto light = [inverted](std::uint8_t ink) { return inverted ? ink : 255 - ink; };
    std::size_t out = 0;
    for (std::size_t in = 0; in < pixels.size(); in += 4) {
        const int black = light(pixels[in + 3]);
        for (std::size_t c = 0; c < 3; ++c) {
            pixels[out++] = static_cast<std::uint8_t>((light(pixels[in + c]) * black + 127) / 255);
        }
    }
    pixels.resize(out);
}

}  // namespace

Image decode_jpeg(std::string_view bytes, const std::string& where) {
    Decoder d;
    d.jpeg.err = jpeg_std_error(&d.errors);
    d.jpeg.client_data = &d;
    d.errors.error_exit = on_error;
    d.errors.emit_message = on_message;
    require(read_header(d, bytes), ErrorKind::bad_data, "{} is a damaged JPEG file: {}", where, d.message.data());
    check_image_size(d.jpeg.image_height, d.jpeg.image_width, where);
    const auto pixels = static_cast<std::int64_t>(d.jpeg.image_height) * d.jpeg.image_width;
    require(pixels <= static_cast<std::int64_t>(bytes.size()) * kPixelsPerByte, ErrorKind::bad_data,
            "{} announces {} x {} pixels, more than its {} bytes can hold", where, d.jpeg.image_height, d.jpeg.image_width,
            bytes.size());
    const J_COLOR_SPACE stored = d.jpeg.jpeg_color_space;
    const bool grey = stored == JCS_GRAYSCALE;
    const bool inks = stored == JCS_CMYK || stored == JCS_YCCK;
    d.image.height = static_cast<int>(d.jpeg.image_height);
    d.image.width = static_cast<int>(d.jpeg.image_width);
    d.image.channels = grey ? 1 : 3;
    require(read_rows(d, grey   ? JCS_GRAYSCALE
                         : inks ? JCS_CMYK
                                : JCS_RGB),
            ErrorKind::bad_data, "{} is a damaged JPEG file: {}", where, d.message.data());
    if (inks) cmyk_to_rgb(d.image.pixels, d.jpeg.saw_Adobe_marker);
    return std::move(d.image);
}

}  // namespace nachos::data
