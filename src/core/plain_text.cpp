#include "core/plain_text.h"

#include "core/json_reader.h"

namespace nachos::core {

bool is_plain_text(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte < 0x20 || byte == 0x7F) return false;
        const bool c1 = byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
        if (c1) return false;
    }
    constexpr std::string_view kReplaced = "\xEF\xBF\xBD";  // U+FFFD, which to_text writes for what is no UTF-8
    const auto count = [&](std::string_view in) {
        std::size_t n = 0;
        for (std::size_t at = in.find(kReplaced); at != in.npos; at = in.find(kReplaced, at + 1)) ++n;
        return n;
    };
    return count(quoted_text(text)) == count(text);
}

std::string quoted_text(std::string_view text) { return to_text(std::string(text)); }

}  // namespace nachos::core
