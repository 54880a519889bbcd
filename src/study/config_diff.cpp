#include "study/config_diff.h"

#include <algorithm>
#include <sstream>
#include <utility>
#include <vector>

namespace nachos::study {
namespace {

using Lines = std::vector<std::pair<std::string, std::string>>;  // dotted key, value

Lines lines_of(const std::string& config) {
    Lines lines;
    std::string prefix;
    std::istringstream in(config);
    for (std::string line; std::getline(in, line);) {
        const auto equals = line.find(" = ");
        if (!line.empty() && line.front() == '[')
            prefix = line.substr(1, line.find(']') - 1) + ".";
        else if (equals != std::string::npos)
            lines.emplace_back(prefix + line.substr(0, equals), line.substr(equals + 3));
    }
    return lines;
}

std::string value_in(const Lines& lines, const std::string& key) {
    const auto found = std::find_if(lines.begin(), lines.end(), [&](const auto& line) { return line.first == key; });
    return found == lines.end() ? "" : found->second;
}

}  // namespace

std::optional<ConfigDifference> first_difference(const std::string& stored, const std::string& given,
                                                 std::span<const std::string_view> except) {
    const Lines before = lines_of(stored);
    const Lines now = lines_of(given);
    Lines keys = before;
    keys.insert(keys.end(), now.begin(), now.end());
    for (const auto& [key, unused] : keys) {
        if (std::find(except.begin(), except.end(), key) != except.end()) continue;
        ConfigDifference difference{key, value_in(before, key), value_in(now, key)};
        if (difference.stored != difference.given) return difference;
    }
    return std::nullopt;
}

}  // namespace nachos::study
