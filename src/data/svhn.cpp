#include "data/formats.h"

#include "data/gzip.h"

#include <fmt/ranges.h>
#include <matio.h>

#include <memory>

namespace nachos::data {
namespace {

namespace fs = std::filesystem;

constexpr int kSide = 32;
constexpr std::size_t kPlane = kSide * kSide;

using MatFile = std::unique_ptr<mat_t, decltype([](mat_t* file) { Mat_Close(file); })>;
using MatArray = std::unique_ptr<matvar_t, decltype([](matvar_t* array) { Mat_VarFree(array); })>;

std::vector<std::size_t> dims_of(const matvar_t& array) { return {array.dims, array.dims + array.rank}; }

/// Reads an array of bytes, its announced size checked against the file first (a MATLAB file compresses as gzip does).
/// A dimension of `expected` that is 0 may have any size.
MatArray read_array(mat_t* file, const char* name, const std::vector<std::size_t>& expected, const fs::path& path) {
    MatArray array(Mat_VarReadInfo(file, name));
    require(array != nullptr, ErrorKind::bad_data, "{} holds no array \"{}\", or is truncated before it", path.string(),
            name);
    const auto dims = dims_of(*array);
    bool fits = array->class_type == MAT_C_UINT8 && !array->isComplex && dims.size() == expected.size();
    for (std::size_t d = 0; fits && d < dims.size(); ++d) fits = dims[d] > 0 && (expected[d] == 0 || dims[d] == expected[d]);
    require(fits, ErrorKind::bad_data, "\"{}\" of {} is {} of class {}, {} of uint8 (class {}) is needed (0 = any)", name,
            path.string(), fmt::join(dims, " x "), static_cast<int>(array->class_type), fmt::join(expected, " x "),
            static_cast<int>(MAT_C_UINT8));
    std::size_t room = fs::file_size(path) * kGzipMaxRatio;
    for (std::size_t n : dims) room /= n;
    require(room > 0, ErrorKind::bad_data, "\"{}\" of {} announces {} bytes, more than the file can hold", name,
            path.string(), fmt::join(dims, " x "));
    require(Mat_VarReadDataAll(file, array.get()) == 0 && array->data, ErrorKind::bad_data,
            "\"{}\" of {} cannot be read: truncated or corrupt", name, path.string());
    return array;
}

void read_split(const fs::path& path, Split split, Sink& sink) {
    const MatFile file(Mat_Open(path.c_str(), MAT_ACC_RDONLY));
    require(file != nullptr, ErrorKind::bad_data, "{} is no MATLAB file, or is truncated", path.string());
    const MatArray images = read_array(file.get(), "X", {kSide, kSide, 3, 0}, path);
    const MatArray labels = read_array(file.get(), "y", {0, 1}, path);
    const std::size_t count = images->dims[3];
    require(labels->dims[0] == count, ErrorKind::bad_data, "{} holds {} labels, but {} images; the counts must be equal",
            path.string(), labels->dims[0], count);
    sink.expect(split, count);
    const auto* label = static_cast<const std::uint8_t*>(labels->data);
    Image image{kSide, kSide, 3, std::vector<std::uint8_t>(3 * kPlane)};
    for (std::size_t i = 0; i < count; ++i) {
        // MATLAB stores the first index (the image's row) fastest.
        const auto* columns = static_cast<const std::uint8_t*>(images->data) + i * 3 * kPlane;
        for (int y = 0; y < kSide; ++y) {
            for (int x = 0; x < kSide; ++x) {
                for (int c = 0; c < 3; ++c) image.pixels[(y * kSide + x) * 3 + c] = columns[c * kPlane + x * kSide + y];
            }
        }
        require(label[i] >= 1 && label[i] <= 10, ErrorKind::bad_data,
                "{} record {}: label {} is out of range, allowed is 1 to 10", path.string(), i, label[i]);
        sink.add(split, image, label[i] % 10, {path, static_cast<std::int64_t>(i)});
    }
}

}  // namespace

bool recognise_svhn(const fs::path& path) { return fs::is_regular_file(path / "train_32x32.mat"); }

void read_svhn(const fs::path& path, Sink& sink) {
    sink.classes(numbered_classes(10));
    sink.attempt([&] { read_split(path / "train_32x32.mat", Split::train, sink); });
    const fs::path test = path / "test_32x32.mat";
    if (fs::exists(test)) sink.attempt([&] { read_split(test, Split::test, sink); });
}

}  // namespace nachos::data
