#include "core/json_reader.h"

#include "core/error.h"

namespace nachos::core {

using nlohmann::json;

namespace {

constexpr int kMaxDepth = 64;
constexpr std::size_t kShown = 200;  // most bytes of a bad value that a message repeats

/// Lists and objects are counted before they are built. What is no JSON is found by the parser, at the same place or before.
void check_depth(std::string_view text, const std::string& where) {
    int depth = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted && c == '\\')
            ++i;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == ']' || c == '}'))
            --depth;
        else if (!quoted && (c == '[' || c == '{') && ++depth > kMaxDepth)
            fail(ErrorKind::bad_data, "{}: lists and objects are nested more than {} deep", where, kMaxDepth);
    }
}

}  // namespace

json parse_json(std::string_view text, const std::string& where) {
    check_depth(text, where);
    json value = json::parse(text, nullptr, false);
    require(!value.is_discarded(), ErrorKind::bad_data, "{}: is not JSON", where);
    return value;
}

std::string to_text(const nlohmann::ordered_json& value) {
    return value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string shown(const json& value) {
    std::string text = to_text(value);
    return text.size() <= kShown ? text : text.substr(0, kShown) + "...";
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

bool JsonReader::flag(const char* key) const {
    const json& value = at(key);
    if (!value.is_boolean()) fail_at(key, value, "true or false");
    return value.get<bool>();
}

int JsonReader::integer(const char* key) const { return whole<int>(key); }

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

std::vector<int> JsonReader::integers(const char* key) const {
    std::vector<int> values;
    for (const json& item : list(key)) values.push_back(whole_in<int>(item, key));
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
    fail(ErrorKind::bad_data, "{}: key '{}' holds {}, {} is needed", where_, key, shown(got), needed);
}

}  // namespace nachos::core
