#include "data/gzip.h"

#include "core/error.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

namespace nachos::data {
namespace {

/// Ends the stream on scope exit.
struct Inflater {
    z_stream stream{};

    explicit Inflater(int window_bits) {
        require(inflateInit2(&stream, window_bits) == Z_OK, ErrorKind::runtime, "cannot start zlib");
    }
    ~Inflater() { inflateEnd(&stream); }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;
};

std::string inflated(std::string_view bytes, std::size_t max_bytes, const std::string& where, int window_bits) {
    constexpr std::size_t kStep = std::numeric_limits<uInt>::max();
    std::string out(std::min(max_bytes, bytes.size() * kGzipMaxRatio), '\0');
    Inflater inflater(window_bits);
    z_stream& z = inflater.stream;
    std::size_t written = 0;
    for (std::size_t read = 0; written < out.size();) {
        const auto available_in = static_cast<uInt>(std::min(bytes.size() - read, kStep));
        const auto available_out = static_cast<uInt>(std::min(out.size() - written, kStep));
        z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data() + read));
        z.avail_in = available_in;
        z.next_out = reinterpret_cast<Bytef*>(out.data() + written);
        z.avail_out = available_out;
        const int result = inflate(&z, Z_NO_FLUSH);
        read += available_in - z.avail_in;
        written += available_out - z.avail_out;
        if (result == Z_STREAM_END) break;
        require(result != Z_BUF_ERROR, ErrorKind::bad_data,
                "{} is truncated: its zipped stream stops after {} bytes of content", where, written);
        require(result == Z_OK, ErrorKind::bad_data, "{} is corrupt after {} bytes of content: {}", where, written,
                z.msg ? z.msg : "damaged zipped stream");
    }
    out.resize(written);
    return out;
}

}  // namespace

bool is_gzip(std::string_view bytes) { return bytes.starts_with("\x1f\x8b"); }

std::string gunzip(std::string_view bytes, std::size_t max_bytes, const std::string& where) {
    constexpr int kGzipOnly = 16;
    return inflated(bytes, max_bytes, where, MAX_WBITS + kGzipOnly);
}

std::string unzip(std::string_view bytes, std::size_t max_bytes, const std::string& where) {
    return inflated(bytes, max_bytes, where, MAX_WBITS);
}

}  // namespace nachos::data
