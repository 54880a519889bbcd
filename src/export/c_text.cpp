#include "export/c_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace nachos::exporting {

std::string literal(float v) { return fmt::format("{:a}f", v); }
std::string literal(double v) { return fmt::format("{:a}", v); }
std::string literal(int v) { return std::to_string(v); }

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
    return text;
}

std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\' || c == '?' || byte < 32 || byte > 126) {
            out += fmt::format("\\{:03o}", byte);
        } else {
            out += c;
        }
    }
    return out + "\"";
}

std::string harmless(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c == '*' || c == '/' || c < 32 || c > 126; }, '_');
    return text;
}

std::string map_of(const arch::Shape& s) { return fmt::format("&(const struct map){{{}, {}, {}}}", s.h, s.w, s.c); }

}  // namespace nachos::exporting
