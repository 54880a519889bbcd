#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace nachos::study {

/// A key whose value differs between two resolved configurations; empty text = the key is absent there.
struct ConfigDifference {
    std::string key;
    std::string stored;
    std::string given;
};

/// The first key (in the order of `stored`, then of `given`) that differs, those in `except` aside. Both texts hold one
/// "key = value" a line under "[group]" lines, as the resolved configuration is written.
std::optional<ConfigDifference> first_difference(const std::string& stored, const std::string& given,
                                                 std::span<const std::string_view> except);

}  // namespace nachos::study
