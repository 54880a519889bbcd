#include "cli/nearest.h"

#include <algorithm>
#include <numeric>

namespace nachos::cli {
namespace {

std::string_view last_part(std::string_view key) { return key.substr(key.rfind('.') + 1); }

}  // namespace

int edit_distance(std::string_view a, std::string_view b) {
    std::vector<int> row(b.size() + 1);
    std::iota(row.begin(), row.end(), 0);
    for (std::size_t i = 0; i < a.size(); ++i) {
        int diagonal = row[0];
        row[0] = static_cast<int>(i) + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const int replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j + 1] + 1, row[j] + 1});
        }
    }
    return row.back();
}

std::string nearest_key(const std::string& key, const std::vector<std::string>& known) {
    const auto distance = [&](const std::string& candidate) {
        return std::min(edit_distance(key, candidate), 1 + edit_distance(last_part(key), last_part(candidate)));
    };
    return *std::min_element(known.begin(), known.end(),
                             [&](const auto& a, const auto& b) { return distance(a) < distance(b); });
}

}  // namespace nachos::cli
