#include "data/formats.h"

#include "core/files.h"
#include "data/mat_file.h"

#include <fmt/ranges.h>

namespace nachos::data {
namespace {

namespace fs = std::filesystem;

constexpr int kSide = 32;
constexpr std::size_t kPlane = kSide * kSide;

/// An array of these sizes; one that is 0 may be any.
MatArray read_array(std::string_view file, const char* name, const std::vector<std::size_t>& expected,
                    const std::string& where) {
    MatArray array = read_mat_array(file, name, where);
    bool fits = array.dims.size() == expected.size();
    for (std::size_t d = 0; fits && d < expected.size(); ++d)
        fits = array.dims[d] > 0 && (expected[d] == 0 || array.dims[d] == expected[d]);
    require(fits, ErrorKind::bad_data, "\"{}\" of {} is {}, {} is needed (0 = any)", name, where,
            fmt::join(array.dims, " x "), fmt::join(expected, " x "));
    return array;
}

void read_split(const fs::path& path, Split split, Sink& sink) {
    const std::string file = core::read_file(path);
    const MatArray images = read_array(file, "X", {kSide, kSide, 3, 0}, path.string());
    const MatArray labels = read_array(file, "y", {0, 1}, path.string());
    const std::size_t count = images.dims[3];
    require(labels.dims[0] == count, ErrorKind::bad_data, "{} holds {} labels, but {} images; the counts must be equal",
            path.string(), labels.dims[0], count);
    sink.expect(split, count);
    const auto* label = reinterpret_cast<const std::uint8_t*>(labels.bytes.data());
    Image image{kSide, kSide, 3, std::vector<std::uint8_t>(3 * kPlane)};
    for (std::size_t i = 0; i < count; ++i) {
        // MATLAB stores the first index (the image's row) fastest.
        const auto* columns = reinterpret_cast<const std::uint8_t*>(images.bytes.data()) + i * 3 * kPlane;
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
