#pragma once

#include <string>
#include <string_view>

namespace nachos::core {

/// Whether a text may be printed, stored and compared as it is: UTF-8 without control characters (C0, DEL, C1), with which a
/// name could move a terminal's cursor.
bool is_plain_text(std::string_view text);

/// In quotes, as JSON writes it: control characters of C0 escaped, what is no UTF-8 replaced by U+FFFD. For messages about
/// texts that are not plain.
std::string quoted_text(std::string_view text);

}  // namespace nachos::core
