#include "data/mat_file.h"

#include "core/error.h"
#include "data/gzip.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>

namespace nachos::data {
namespace {

// The format's numbers.
constexpr std::size_t kHeaderBytes = 128, kVersionAt = 124;
constexpr std::uint32_t kInt8 = 1, kUint8 = 2, kInt32 = 5, kUint32 = 6, kMatrix = 14, kCompressed = 15;
constexpr std::uint32_t kUint8Class = 9, kComplexFlag = 0x800;

constexpr std::size_t kHeadBytes = 1024;  // as much of an array as is unpacked to learn its name and size

std::uint32_t number(std::string_view bytes, std::size_t offset) {
    std::uint32_t value = 0;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

struct Element {
    std::uint32_t type = 0;
    std::size_t announced = 0;  ///< its size in bytes
    std::string_view data;      ///< as much of them as there are
};

/// Takes the next element off the front; nothing where no whole tag is left.
std::optional<Element> next(std::string_view& rest) {
    if (rest.size() < 8) return std::nullopt;
    const std::uint32_t first = number(rest, 0);
    if (const std::size_t size = first >> 16; size > 0) {  // up to four bytes stand within the tag
        const Element element{first & 0xffff, size, rest.substr(4, std::min<std::size_t>(size, 4))};
        rest.remove_prefix(8);
        return element;
    }
    const std::size_t size = number(rest, 4);
    const Element element{first, size, rest.substr(8, size)};
    const std::size_t padded = first == kCompressed ? size : (size + 7) / 8 * 8;
    rest.remove_prefix(std::min(rest.size(), 8 + padded));
    return element;
}

/// An array's parts, as far as they are there.
struct Matrix {
    std::uint32_t flags = 0;
    std::vector<std::size_t> dims;
    std::string_view name;
    Element values;
};

std::optional<Matrix> matrix_of(std::string_view content) {
    const auto flags = next(content), dims = next(content), name = next(content), values = next(content);
    if (!values || flags->type != kUint32 || flags->data.size() != 8 || dims->type != kInt32 || name->type != kInt8)
        return std::nullopt;
    if (dims->data.size() != dims->announced || name->data.size() != name->announced) return std::nullopt;
    Matrix matrix{number(flags->data, 0), {}, name->data, *values};
    for (std::size_t at = 0; at + 4 <= dims->data.size(); at += 4) matrix.dims.push_back(number(dims->data, at));
    return matrix;
}

/// The array's bytes, checked.
MatArray values_of(const Matrix& matrix, const std::string& what) {
    require((matrix.flags & 0xff) == kUint8Class && (matrix.flags & kComplexFlag) == 0 && matrix.values.type == kUint8,
            ErrorKind::bad_data, "{} is of class {}, real numbers of uint8 (class {}) are needed", what, matrix.flags & 0xff,
            kUint8Class);
    std::size_t elements = 1;
    for (const std::size_t n : matrix.dims)
        require(!__builtin_mul_overflow(elements, n, &elements), ErrorKind::bad_data, "{} announces too many elements",
                what);
    require(elements == matrix.values.announced && elements == matrix.values.data.size(), ErrorKind::bad_data,
            "{} cannot be read: its sizes make {} bytes, it announces {} and has {}; truncated or corrupt", what, elements,
            matrix.values.announced, matrix.values.data.size());
    return {matrix.dims, std::string(matrix.values.data)};
}

}  // namespace

MatArray read_mat_array(std::string_view file, const std::string& name, const std::string& where) {
    require(file.size() >= kHeaderBytes && file.substr(kVersionAt, 4) == std::string_view("\0\1IM", 4), ErrorKind::bad_data,
            "{} is no MATLAB file of version 5 to 7 with the least byte first, or is truncated", where);
    const std::string what = fmt::format("\"{}\" of {}", name, where);
    for (std::string_view rest = file.substr(kHeaderBytes); const auto element = next(rest);) {
        const bool packed = element->type == kCompressed;
        const std::string head = packed ? unzip(element->data, kHeadBytes, where) : std::string();
        std::string_view content = head;
        const auto inner = packed ? next(content) : element;
        if (!inner || inner->type != kMatrix) continue;
        const auto matrix = matrix_of(inner->data);
        if (!matrix || matrix->name != name) continue;
        if (!packed) return values_of(*matrix, what);
        require(inner->announced / kGzipMaxRatio <= element->data.size(), ErrorKind::bad_data,
                "{} announces {} bytes, more than the file can hold", what, inner->announced);
        const std::string whole = unzip(element->data, 8 + inner->announced + 1, where);  // beyond its end: checks the sum
        return values_of(matrix_of(std::string_view(whole).substr(8)).value_or(*matrix), what);
    }
    fail(ErrorKind::bad_data, "{} holds no array \"{}\", or is truncated before it", where, name);
}

}  // namespace nachos::data
