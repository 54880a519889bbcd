#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace nachos::test {

/// The sources and headers of src/, relative to it, in order.
inline std::vector<std::filesystem::path> sources() {
    const std::filesystem::path root = std::filesystem::path(NACHOS_SOURCE_DIR) / "src";
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
        const auto extension = entry.path().extension();
        if (extension == ".h" || extension == ".cpp") found.push_back(entry.path().lexically_relative(root));
    }
    std::sort(found.begin(), found.end());
    return found;
}

/// The lines of a file of the source tree, `path` relative to its root.
inline std::vector<std::string> lines_of(const std::filesystem::path& path) {
    std::ifstream in(std::filesystem::path(NACHOS_SOURCE_DIR) / path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

}  // namespace nachos::test
