#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nachos::cli {

/// Levenshtein distance. O(|a| |b|).
int edit_distance(std::string_view a, std::string_view b);

/// The known dotted key that `key` most likely means: by edit distance of the whole, or of the part behind the last dot (a
/// key in the wrong group). `known` must not be empty; ties go to the first.
std::string nearest_key(const std::string& key, const std::vector<std::string>& known);

}  // namespace nachos::cli
