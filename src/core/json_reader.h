#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nachos::core {

/// Parses the JSON text of a file that is not to be trusted. Throws Error(bad_data) naming `where`: no JSON, or lists and
/// objects nested more than 64 deep (nobody's, and what walks through them would run out of stack).
nlohmann::json parse_json(std::string_view text, const std::string& where);

/// JSON on one line; bytes that are not UTF-8 (folder names, say) become U+FFFD.
std::string to_text(const nlohmann::ordered_json& value);

/// The same for a message, cut short where it is long.
std::string shown(const nlohmann::json& value);

/// Whether it is a whole number that T holds.
template <class T>
bool fits(const nlohmann::json& value) {
    return value.is_number_unsigned() ? std::in_range<T>(value.get<std::uint64_t>())  // JSON's reading of one not negative
                                      : value.is_number_integer() && std::in_range<T>(value.get<std::int64_t>());
}

/// Reads one JSON object of such a file. Every method throws Error(bad_data) naming the place, the key and what stands
/// there.
class JsonReader {
  public:
    /// `object` must outlive the reader.
    JsonReader(const nlohmann::json& object, std::string where);

    std::string text(const char* key) const;
    bool flag(const char* key) const;
    double number(const char* key) const;
    int integer(const char* key) const;
    /// A whole number of 64 bits.
    template <class T>
    T whole(const char* key) const;
    std::vector<std::string> texts(const char* key) const;
    std::vector<double> numbers(const char* key) const;
    std::vector<int> integers(const char* key) const;
    JsonReader object(const char* key) const;
    std::vector<JsonReader> objects(const char* key) const;
    /// The list at `key`, its items unread.
    const nlohmann::json& list(const char* key) const;
    /// One such item as a number.
    double number_in(const nlohmann::json& item, const char* key) const;
    /// One such item as a whole number within T's range.
    template <class T>
    T whole_in(const nlohmann::json& item, const char* key) const;

  private:
    const nlohmann::json& at(const char* key) const;
    [[noreturn]] void fail_at(const char* key, const nlohmann::json& got, const char* needed) const;

    const nlohmann::json* object_;
    std::string where_;
};

template <class T>
T JsonReader::whole_in(const nlohmann::json& item, const char* key) const {
    if (!fits<T>(item)) fail_at(key, item, "a whole number");
    return item.get<T>();
}

template <class T>
T JsonReader::whole(const char* key) const {
    return whole_in<T>(at(key), key);
}

}  // namespace nachos::core
