#include "core/json_reader.h"

#include "core/error.h"

#include <cstdint>
#include <limits>

namespace nachos::core {

using nlohmann::json;

json parse_json(std::string_view text, const std::string& where) {
    json value = json::parse(text, nullptr, false);
    require(!value.is_discarded(), ErrorKind::bad_data, "{}: is not JSON", where);
    return value;
}

std::string to_text(const nlohmann::ordered_json& value) {
    return value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

JsonReader::JsonReader(const json& object, std::string where) : object_(&object), where_(std::move(where)) {
    require(object.is_object(), ErrorKind::bad_data, "{}: is {}, a JSON object is needed", where_, object.type_name());
}

std::string JsonReader::text(const char* key) const {
    const json& value = at(key);
    if (!value.is_string()) fail_at(key, value, "a text");
    return value.get<std::string>();
}

double JsonReader::number(const char* key) const { return number_in(at(key), key); }

double JsonReader::number_in(const json& item, const char* key) const {
    if (!item.is_number()) fail_at(key, item, "a number");
    return item.get<double>();
}

int JsonReader::integer(const char* key) const {
    const json& value = at(key);
    const bool fits = value.is_number_unsigned()  // JSON's own reading of a whole number that is not negative
                          ? value.get<std::uint64_t>() <= static_cast<std::uint64_t>(std::numeric_limits<int>::max())
                          : value.is_number_integer() && value.get<std::int64_t>() >= std::numeric_limits<int>::min();
    if (!fits) fail_at(key, value, "a whole number");
    return value.get<int>();
}

const json& JsonReader::list(const char* key) const {
    const json& value = at(key);
    if (!value.is_array()) fail_at(key, value, "a list");
    return value;
}

std::vector<std::string> JsonReader::texts(const char* key) const {
    std::vector<std::string> values;
    for (const json& item : list(key)) {
        if (!item.is_string()) fail_at(key, item, "texts");
        values.push_back(item.get<std::string>());
    }
    return values;
}

std::vector<double> JsonReader::numbers(const char* key) const {
    std::vector<double> values;
    for (const json& item : list(key)) values.push_back(number_in(item, key));
    return values;
}

JsonReader JsonReader::object(const char* key) const { return {at(key), fmt::format("{}, {}", where_, key)}; }

std::vector<JsonReader> JsonReader::objects(const char* key) const {
    std::vector<JsonReader> readers;
    for (const json& item : list(key)) readers.emplace_back(item, fmt::format("{}, {}[{}]", where_, key, readers.size()));
    return readers;
}

const json& JsonReader::at(const char* key) const {
    const auto it = object_->find(key);
    require(it != object_->end(), ErrorKind::bad_data, "{}: key '{}' is missing", where_, key);
    return *it;
}

void JsonReader::fail_at(const char* key, const json& got, const char* needed) const {
    fail(ErrorKind::bad_data, "{}: key '{}' holds {}, {} is needed", where_, key, to_text(got), needed);
}

}  // namespace nachos::core
