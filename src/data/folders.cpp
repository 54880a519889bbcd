#include "data/formats.h"

#include "core/plain_text.h"
#include "data/image_file.h"

#include <algorithm>

namespace nachos::data {
namespace {

namespace fs = std::filesystem;

/// One folder per class, sorted by name.
std::vector<fs::path> class_folders(const fs::path& folder) {
    auto entries = list_folder(folder);
    std::erase_if(entries, [](const fs::path& entry) { return !fs::is_directory(entry); });
    return entries;
}

void read_split(const fs::path& folder, Split split, Sink& sink) {
    const auto& names = sink.class_names();
    for (const fs::path& class_folder : class_folders(folder)) {
        sink.attempt([&] {
            const auto name = std::find(names.begin(), names.end(), class_folder.filename().string());
            require(name != names.end(), ErrorKind::bad_data, "{} is a class that the training images do not have",
                    class_folder.string());
            for (const fs::path& file : list_folder(class_folder)) {
                if (!is_image_name(file)) continue;
                sink.attempt([&] { sink.add(split, read_image(file), name - names.begin(), {file}); });
            }
        });
    }
}

}  // namespace

bool recognise_folders(const fs::path& path) { return fs::is_directory(path) && !class_folders(path).empty(); }

void read_folders(const fs::path& path, Sink& sink) {
    const bool divided = fs::is_directory(path / "train");
    const fs::path train = divided ? path / "train" : path;
    std::vector<std::string> names;
    for (const auto& folder : class_folders(train)) {
        names.push_back(folder.filename().string());
        require(
            core::is_plain_text(names.back()), ErrorKind::bad_data,
            "{}: the name of the class folder {} is not UTF-8 without control characters, which a class needs; rename it",
            train.string(), core::quoted_text(names.back()));
    }
    require(names.size() >= 2, ErrorKind::bad_data, "{} holds {} class folders, at least 2 are needed", train.string(),
            names.size());
    sink.classes(std::move(names));
    read_split(train, Split::train, sink);
    if (divided && fs::is_directory(path / "test")) read_split(path / "test", Split::test, sink);
}

}  // namespace nachos::data
