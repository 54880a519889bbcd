#include "data/formats.h"

#include "core/files.h"

#include <sstream>

namespace nachos::data {
namespace {

namespace fs = std::filesystem;

constexpr int kSide = 32;
constexpr std::size_t kPlane = kSide * kSide;

/// What tells the two sets apart. A record is its labels, then three planes of 32 x 32 bytes.
struct Layout {
    std::vector<const char*> train_files;
    const char* test_file;
    const char* names_file;
    int classes;
    std::size_t label_bytes;  ///< the last one counts
};

const Layout kCifar10{{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"},
                      "test_batch.bin",
                      "batches.meta.txt",
                      10,
                      1};
const Layout kCifar100{{"train.bin"}, "test.bin", "fine_label_names.txt", 100, 2};

std::vector<std::string> read_names(const fs::path& path, int classes) {
    if (!fs::exists(path)) return numbered_classes(classes);
    std::vector<std::string> names;
    constexpr std::uint64_t kMaxBytes = 1 << 16;
    std::istringstream in(core::read_file(path, kMaxBytes));
    for (std::string line; std::getline(in, line);) {
        line.erase(line.find_last_not_of(" \t\r") + 1);
        if (!line.empty()) names.push_back(line);
    }
    require(names.size() == static_cast<std::size_t>(classes), ErrorKind::bad_data, "{} names {} classes, {} are needed",
            path.string(), names.size(), classes);
    return names;
}

void read_batch(const fs::path& path, std::size_t label_bytes, Split split, Sink& sink) {
    const std::string content = core::read_file(path);
    const std::size_t record = label_bytes + 3 * kPlane;
    require(!content.empty() && content.size() % record == 0, ErrorKind::bad_data,
            "{} is truncated: {} bytes are no whole number of records of {} bytes", path.string(), content.size(), record);
    Image image{kSide, kSide, 3, std::vector<std::uint8_t>(3 * kPlane)};
    for (std::size_t i = 0; i < content.size() / record; ++i) {
        const auto* bytes = reinterpret_cast<const std::uint8_t*>(content.data()) + i * record;
        const std::uint8_t* planes = bytes + label_bytes;
        for (std::size_t p = 0; p < kPlane; ++p) {
            for (std::size_t c = 0; c < 3; ++c) image.pixels[3 * p + c] = planes[c * kPlane + p];
        }
        sink.add(split, image, planes[-1], {path, static_cast<std::int64_t>(i)});
    }
}

bool recognise(const fs::path& path, const Layout& layout) { return fs::is_regular_file(path / layout.train_files[0]); }

void read(const fs::path& path, const Layout& layout, Sink& sink) {
    sink.classes(numbered_classes(layout.classes));
    sink.attempt([&] { sink.classes(read_names(path / layout.names_file, layout.classes)); });
    for (const char* name : layout.train_files) {
        sink.attempt([&] { read_batch(path / name, layout.label_bytes, Split::train, sink); });
    }
    const fs::path test = path / layout.test_file;
    if (fs::exists(test)) sink.attempt([&] { read_batch(test, layout.label_bytes, Split::test, sink); });
}

}  // namespace

bool recognise_cifar10(const fs::path& path) { return recognise(path, kCifar10); }
void read_cifar10(const fs::path& path, Sink& sink) { read(path, kCifar10, sink); }
bool recognise_cifar100(const fs::path& path) { return recognise(path, kCifar100); }
void read_cifar100(const fs::path& path, Sink& sink) { read(path, kCifar100, sink); }

}  // namespace nachos::data
