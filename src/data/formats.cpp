#include "data/formats.h"

#include <algorithm>

namespace nachos::data {
namespace {

namespace fs = std::filesystem;

fs::path locate(const std::string& path, const fs::path& packages) {
    require(!path.empty(), ErrorKind::usage,
            "data.path is empty, a folder, a file, \"fashion-mnist\" or \"synthetic\" is needed");
    if (recognise_synthetic(path)) return path;
    constexpr const char* kPackaged = "fashion-mnist";
    if (path == kPackaged) {
        fs::path folder = packages / kPackaged;
        require(fs::exists(folder), ErrorKind::bad_data,
                "{} does not exist; install the Debian package dataset-fashion-mnist", folder.string());
        return folder;
    }
    std::error_code error;
    require(fs::exists(path, error), ErrorKind::bad_data, "data.path is \"{}\", which does not exist (current folder: {})",
            path, fs::current_path(error).string());
    return path;
}

std::string table_text() {
    std::string text;
    for (const auto& row : formats()) text += fmt::format("{}{} ({})", text.empty() ? "" : "; ", row.name, row.summary);
    return text;
}

}  // namespace

const std::vector<FormatRow>& formats() {
    static const std::vector<FormatRow> rows{
        {"synthetic", "made up: \"synthetic\" or \"synthetic:N\"", recognise_synthetic, read_synthetic},
        {"idx", "MNIST's kin: train-images-idx3-ubyte[.gz] and labels", recognise_idx, read_idx},
        {"cifar10", "binary version: data_batch_1.bin to data_batch_5.bin", recognise_cifar10, read_cifar10},
        {"cifar100", "binary version: train.bin", recognise_cifar100, read_cifar100},
        {"svhn", "cropped digits: train_32x32.mat", recognise_svhn, read_svhn},
        {"folders", "[train/]CLASS/*.png|jpg|jpeg", recognise_folders, read_folders},
    };
    return rows;
}

std::string Source::name() const {
    const fs::path whole = fs::absolute(path).lexically_normal();
    return (whole.has_filename() ? whole : whole.parent_path()).filename().string();
}

Source find_source(const DataOptions& options, const fs::path& packages) {
    const fs::path path = locate(options.path, packages);
    const auto fits = [&](const FormatRow& row) {
        return options.format == "auto" ? row.recognise(path) : row.name == options.format;
    };
    const auto row = std::find_if(formats().begin(), formats().end(), fits);
    require(row != formats().end() || options.format == "auto", ErrorKind::usage,
            "data.format is \"{}\", allowed are auto and {}", options.format, table_text());
    require(row != formats().end(), ErrorKind::bad_data, "{} holds no data set of a known format: {}", path.string(),
            table_text());
    return {*row, path};
}

}  // namespace nachos::data
