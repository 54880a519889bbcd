#include "data/source.h"

#include <algorithm>
#include <system_error>

namespace nachos::data {

std::string Origin::text() const { return record < 0 ? file.string() : fmt::format("{} record {}", file.string(), record); }

void Sink::classes(std::vector<std::string> names) {
    class_names_ = std::move(names);
    for (auto& counts : counts_) counts.assign(class_names_.size(), 0);
}

void Sink::expect(Split, std::size_t) {}

void Sink::add(Split split, const ImageView& image, std::int64_t label, const Origin& origin) {
    const auto count = static_cast<std::int64_t>(class_names_.size());
    require(label >= 0 && label < count, ErrorKind::bad_data, "{}: label {} is out of range, allowed is 0 to {}",
            origin.text(), label, count - 1);
    take(split, image, static_cast<std::int32_t>(label), origin);
    ++counts_[static_cast<int>(split)][label];
}

bool Sink::attempt(const std::function<void()>& read) {
    try {
        read();
        return true;
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::bad_data) throw;
        problem(error);
        return false;
    }
}

void Sink::finish(const std::filesystem::path& source) {
    const auto& train = counts(Split::train);
    for (std::size_t c = 0; c < train.size(); ++c) {
        attempt([&] {
            require(train[c] > 0, ErrorKind::bad_data, "class \"{}\" of {} has no training images, at least 1 is needed",
                    class_names_[c], source.string());
        });
    }
}

std::vector<std::string> numbered_classes(int count) {
    std::vector<std::string> names;
    for (int c = 0; c < count; ++c) names.push_back(std::to_string(c));
    return names;
}

std::vector<std::filesystem::path> list_folder(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> entries;
    std::error_code error;
    std::filesystem::directory_iterator it(folder, error);
    for (; !error && it != std::filesystem::directory_iterator(); it.increment(error)) {
        if (it->path().filename().string().front() != '.') entries.push_back(it->path());
    }
    require(!error, ErrorKind::bad_data, "cannot read the folder {}: {}", folder.string(), error.message());
    std::sort(entries.begin(), entries.end());
    return entries;
}

}  // namespace nachos::data
