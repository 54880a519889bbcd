#pragma once

#include <cstddef>
#include <vector>

namespace nachos::policy {

/// The rows `rows`, in that order, of a row-major matrix with `width` columns.
template <class T>
std::vector<T> select_rows(const std::vector<T>& values, const std::vector<int>& rows, std::size_t width) {
    std::vector<T> chosen;
    chosen.reserve(rows.size() * width);
    for (const int row : rows) {
        const auto first = values.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(row) * width);
        chosen.insert(chosen.end(), first, first + static_cast<std::ptrdiff_t>(width));
    }
    return chosen;
}

}  // namespace nachos::policy
