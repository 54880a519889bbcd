#include "data/formats.h"

#include "core/files.h"
#include "data/gzip.h"
#include "data/image_file.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <optional>

namespace nachos::data {
namespace {

namespace fs = std::filesystem;

/// The bytes of an IDX file: `size[0]` items; images are size[1] x size[2].
struct IdxArray {
    fs::path path;
    std::string content;
    std::size_t header = 0;
    std::vector<std::size_t> size;

    const std::uint8_t* data() const { return reinterpret_cast<const std::uint8_t*>(content.data()) + header; }
};

std::size_t big_endian(std::string_view bytes, std::size_t offset) {
    std::size_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<std::uint8_t>(bytes[offset + i]);
    return value;
}

/// Reads the sizes and gives the length they announce; checks that `limit` bytes could hold it before anything is allocated.
std::size_t parse_header(IdxArray& array, std::string_view bytes, std::size_t dimensions, std::size_t limit) {
    const std::string where = array.path.string();
    array.header = 4 + 4 * dimensions;
    require(bytes.size() >= array.header, ErrorKind::bad_data, "{} is truncated: {} bytes, its header alone has {}", where,
            bytes.size(), array.header);
    const std::size_t magic = 0x800 + dimensions;  // 8 = unsigned bytes
    require(big_endian(bytes, 0) == magic, ErrorKind::bad_data,
            "{} begins with {:#010x}, an IDX file of {} begins with {:#010x}", where, big_endian(bytes, 0),
            dimensions == 3 ? "images" : "labels", magic);
    for (std::size_t d = 0; d < dimensions; ++d) array.size.push_back(big_endian(bytes, 4 + 4 * d));
    std::size_t length = 1;
    for (std::size_t n : array.size) {
        require(n > 0 && n <= limit / length, ErrorKind::bad_data,
                "{} is truncated or corrupt: its header announces {} bytes, the file can hold 1 to {}", where,
                fmt::join(array.size, " x "), limit);
        length *= n;
    }
    return array.header + length;
}

IdxArray read_array(const fs::path& path, std::size_t dimensions) {
    IdxArray array;
    array.path = path;
    array.content = core::read_file(path);
    const bool zipped = path.extension() == ".gz" || is_gzip(array.content);
    std::size_t expected = 0;
    if (zipped) {
        const std::string head = gunzip(array.content, 4 + 4 * dimensions, path.string());
        expected = parse_header(array, head, dimensions, array.content.size() * kGzipMaxRatio);
        // One byte more than expected makes zlib reach the end and verify its checksum.
        array.content = gunzip(array.content, expected + 1, path.string());
    } else {
        expected = parse_header(array, array.content, dimensions, array.content.size());
    }
    require(array.content.size() >= expected, ErrorKind::bad_data, "{} is truncated: {} bytes, its header announces {}",
            path.string(), array.content.size(), expected);
    require(array.content.size() == expected, ErrorKind::bad_data, "{} holds more than the {} bytes its header announces",
            path.string(), expected);
    return array;
}

/// "emnist-letters-" for "emnist-letters-train-images-idx3-ubyte.gz"; nothing if this is no file of training images.
std::optional<std::string> prefix_of(const fs::path& file) {
    const std::string name = file.filename().string();
    for (const char* tail : {"train-images-idx3-ubyte", "train-images.idx3-ubyte"}) {
        const auto at = name.find(tail);
        if (at == std::string::npos) continue;
        const std::string rest = name.substr(at + std::string_view(tail).size());
        if (rest.empty() || rest == ".gz") return name.substr(0, at);
    }
    return std::nullopt;
}

/// The prefixes of all sets in a folder, or of the one file named.
std::vector<std::string> prefixes(const fs::path& path) {
    std::vector<std::string> found;
    const auto files = fs::is_directory(path) ? list_folder(path) : std::vector<fs::path>{path};
    for (const auto& file : files) {
        const auto prefix = prefix_of(file);
        if (prefix && std::find(found.begin(), found.end(), *prefix) == found.end()) found.push_back(*prefix);
    }
    return found;
}

/// A file by its usual spellings, plain before gzip.
std::optional<fs::path> find_file(const fs::path& folder, const std::string& stem, const std::string& kind) {
    for (const char* joint : {"-", "."}) {
        for (const char* ending : {"", ".gz"}) {
            const fs::path path = folder / fmt::format("{}{}{}-ubyte{}", stem, joint, kind, ending);
            if (fs::exists(path)) return path;
        }
    }
    return std::nullopt;
}

struct IdxSplit {
    IdxArray images;
    IdxArray labels;
};

/// A split's two files; nothing if neither is there or one is bad.
std::optional<IdxSplit> read_split(const fs::path& folder, const std::string& stem, Sink& sink) {
    const auto images = find_file(folder, stem + "images", "idx3");
    const auto labels = find_file(folder, stem + "labels", "idx1");
    if (!images && !labels) return std::nullopt;
    IdxSplit split;
    const auto read = [&](const std::optional<fs::path>& path, const char* kind, std::size_t dimensions, IdxArray& array) {
        return sink.attempt([&] {
            require(path.has_value(), ErrorKind::bad_data, "{} is missing", (folder / (stem + kind)).string());
            array = read_array(*path, dimensions);
        });
    };
    const bool images_good = read(images, "images-idx3-ubyte", 3, split.images);
    const bool labels_good = read(labels, "labels-idx1-ubyte", 1, split.labels);
    if (!images_good || !labels_good) return std::nullopt;
    const bool same = sink.attempt([&] {
        require(split.images.size[0] == split.labels.size[0], ErrorKind::bad_data,
                "{} holds {} labels, but {} holds {} images; the counts must be equal", labels->string(),
                split.labels.size[0], images->string(), split.images.size[0]);
    });
    return same ? std::optional(std::move(split)) : std::nullopt;
}

/// EMNIST stores images by columns.
Image upright(const ImageView& image) {
    Image out{image.width, image.height, 1, std::vector<std::uint8_t>(image.bytes())};
    for (int y = 0; y < image.height; ++y) {
        for (int x = 0; x < image.width; ++x) out.pixels[x * image.height + y] = image.pixels[y * image.width + x];
    }
    return out;
}

struct AddOptions {
    int first_label = 0;
    bool by_columns = false;
};

void add_split(Sink& sink, Split which, const IdxSplit& split, const AddOptions& options) {
    const auto& size = split.images.size;
    check_image_size(static_cast<std::int64_t>(size[1]), static_cast<std::int64_t>(size[2]), split.images.path.string());
    sink.expect(which, size[0]);
    const ImageView first(static_cast<int>(size[1]), static_cast<int>(size[2]), 1, split.images.data());
    for (std::size_t i = 0; i < size[0]; ++i) {
        ImageView image = first;
        image.pixels += i * first.bytes();
        const int label = split.labels.data()[i] - options.first_label;
        const Origin origin{split.labels.path, static_cast<std::int64_t>(i)};
        if (options.by_columns) {
            sink.add(which, upright(image), label, origin);
        } else {
            sink.add(which, image, label, origin);
        }
    }
}

std::vector<std::string> names_for(const fs::path& path, int classes) {
    std::string lower = path.string();
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
    if (lower.find("fashion") != std::string::npos) {
        return {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"};
    }
    return numbered_classes(classes);
}

}  // namespace

bool recognise_idx(const fs::path& path) { return !prefixes(path).empty(); }

void read_idx(const fs::path& path, Sink& sink) {
    const auto sets = prefixes(path);
    require(!sets.empty(), ErrorKind::bad_data, "{} holds no train-images-idx3-ubyte[.gz]", path.string());
    require(sets.size() == 1, ErrorKind::bad_data, "{} holds {} IDX sets; name one by its file, e.g. {}", path.string(),
            sets.size(), (path / (sets.front() + "train-images-idx3-ubyte.gz")).string());
    const fs::path folder = fs::is_directory(path) ? path : path.parent_path();
    const auto train = read_split(folder, sets.front() + "train-", sink);
    auto test = read_split(folder, sets.front() + "t10k-", sink);
    if (!test) test = read_split(folder, sets.front() + "test-", sink);
    if (!train) return;
    const std::uint8_t* labels = train->labels.data();
    const int highest = *std::max_element(labels, labels + train->labels.size[0]);
    const AddOptions options{.first_label = sets.front() == "emnist-letters-" ? 1 : 0,  // letters count from 1
                             .by_columns = sets.front().starts_with("emnist-")};
    sink.classes(names_for(path, highest + 1 - options.first_label));
    sink.attempt([&] { add_split(sink, Split::train, *train, options); });
    if (test) sink.attempt([&] { add_split(sink, Split::test, *test, options); });
}

}  // namespace nachos::data
