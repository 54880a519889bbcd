#include "cli/generic_visitor.h"
#include "cli/option_visitors.h"
#include "core/error.h"
#include "core/json_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <cmath>

namespace nachos::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string toml_text(bool value) { return value ? "true" : "false"; }
std::string toml_text(int value) { return fmt::format("{}", value); }
std::string toml_text(std::uint64_t value) { return fmt::format("{}", value); }

/// The shortest text that reads back as the same number.
std::string toml_text(double value) {
    std::string text = fmt::format("{}", value);
    if (text.find_first_of(".e") == std::string::npos) text += ".0";
    return text;
}

/// JSON's escapes are TOML's, but for DEL.
std::string toml_text(const std::string& value) {
    std::string text = core::to_text(Json(value));
    constexpr const char* kReplaced = "\xEF\xBF\xBD";  // U+FFFD
    require(text.find(kReplaced) == std::string::npos || value.find(kReplaced) != std::string::npos, ErrorKind::usage,
            "{} is not UTF-8, which a configuration must be; rename the file or folder it names", text);
    for (std::size_t at; (at = text.find('\x7f')) != std::string::npos;) text.replace(at, 1, "\\u007F");
    return text;
}

std::string toml_text(const std::optional<double>& value) { return value ? toml_text(*value) : "\"none\""; }

template <class T>
std::string toml_text(const std::vector<T>& values) {
    std::vector<std::string> items;
    for (const auto& value : values) items.push_back(toml_text(value));
    return fmt::format("[{}]", fmt::join(items, ", "));
}

class TomlWriter : public GenericVisitor<TomlWriter> {
  public:
    template <class T>
    void visit(const core::OptionInfo& info, const T& value) {
        text_ += fmt::format("{} = {}\n", info.key, toml_text(value));
    }

    void group(std::string_view key, std::string_view, const std::function<void()>& body) override {
        const std::string outer = name_;
        name_ = outer.empty() ? std::string(key) : outer + "." + std::string(key);
        text_ += fmt::format("\n[{}]\n", name_);
        body();
        name_ = outer;
    }

    const std::string& text() const { return text_; }

  private:
    std::string text_;
    std::string name_;  ///< of the group
};

class SchemaWriter : public GenericVisitor<SchemaWriter> {
  public:
    template <class T>
    void visit(const core::OptionInfo& info, const T& value) {
        Json property = type_of(info, value);
        property["description"] = info.help;
        at_->operator[]("properties")[std::string(info.key)] = std::move(property);
    }

    void group(std::string_view key, std::string_view help, const std::function<void()>& body) override {
        Json* outer = at_;
        Json inner = object();
        inner["description"] = help;
        at_ = &inner;
        body();
        at_ = outer;
        at_->operator[]("properties")[std::string(key)] = std::move(inner);
    }

    static Json object() { return {{"type", "object"}, {"additionalProperties", false}, {"properties", Json::object()}}; }

    Json schema = object();

  private:
    /// Whole bounds without a decimal point.
    static Json bound(double value) {
        return value == std::floor(value) ? Json(static_cast<std::int64_t>(value)) : Json(value);
    }

    static Json number(const core::OptionInfo& info, const char* type) {
        Json property = {{"type", type}};
        if (std::isfinite(info.min)) property["minimum"] = bound(info.min);
        if (std::isfinite(info.max)) property["maximum"] = bound(info.max);
        return property;
    }

    static Json with_default(Json property, const Json& value) {
        property["default"] = value;
        return property;
    }

    static Json type_of(const core::OptionInfo&, bool value) { return with_default({{"type", "boolean"}}, value); }
    static Json type_of(const core::OptionInfo& info, int value) { return with_default(number(info, "integer"), value); }
    static Json type_of(const core::OptionInfo& info, double value) { return with_default(number(info, "number"), value); }
    static Json type_of(const core::OptionInfo& info, std::uint64_t value) {
        core::OptionInfo natural = info;
        natural.min = std::max(info.min, 0.0);
        return with_default(number(natural, "integer"), value);
    }
    static Json type_of(const core::OptionInfo& info, const std::string& value) {
        Json property = {{"type", "string"}};
        if (!info.allowed.empty()) property["enum"] = info.allowed;
        return with_default(std::move(property), value);
    }
    static Json type_of(const core::OptionInfo& info, const std::optional<double>& value) {
        return with_default({{"anyOf", Json::array({number(info, "number"), {{"const", "none"}}})}},
                            value ? Json(*value) : Json("none"));
    }
    static Json type_of(const core::OptionInfo& info, const std::vector<int>& value) {
        return with_default({{"type", "array"}, {"items", number(info, "integer")}}, value);
    }
    static Json type_of(const core::OptionInfo& info, const std::vector<std::vector<int>>& value) {
        const Json inner = {{"type", "array"}, {"items", number(info, "integer")}};
        return with_default({{"type", "array"}, {"items", inner}}, value);
    }

    Json* at_ = &schema;
};

/// "from 0", "1 to 1024", "0 to 1"; empty where anything goes.
std::string range_text(const core::OptionInfo& info) {
    const auto bound = [](double value) {
        return value == std::floor(value) && std::abs(value) < 1e15 ? fmt::format("{:.0f}", value)
                                                                    : fmt::format("{}", value);
    };
    if (std::isfinite(info.min) && std::isfinite(info.max)) return fmt::format("{} to {}", bound(info.min), bound(info.max));
    if (std::isfinite(info.min)) return "from " + bound(info.min);
    return std::isfinite(info.max) ? "to " + bound(info.max) : "";
}

/// One table a group, in Markdown.
class ReferenceWriter : public GenericVisitor<ReferenceWriter> {
  public:
    template <class T>
    void visit(const core::OptionInfo& info, const T& value) {
        if (!in_table_) text_ += "| key | default | range | meaning |\n|---|---|---|---|\n";
        in_table_ = true;
        text_ +=
            fmt::format("| `{}` | `{}` | {} | {} |\n", info.key, toml_text(value), allowed(info, value), cell(info.help));
    }

    void group(std::string_view key, std::string_view help, const std::function<void()>& body) override {
        const std::string outer = name_;
        name_ = outer.empty() ? std::string(key) : outer + "." + std::string(key);
        text_ += fmt::format("\n## `[{}]`: {}\n\n", name_, help);
        in_table_ = false;
        body();
        name_ = outer;
    }

    const std::string& text() const { return text_; }

  private:
    static std::string cell(std::string_view text) {
        std::string out;
        for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
        while (out.ends_with('.')) out.pop_back();
        return out;
    }

    template <class T>
    static std::string allowed(const core::OptionInfo& info, const T&) {
        constexpr bool kList = !std::is_same_v<T, std::string> && requires(T list) { list.size(); };
        if (!info.allowed.empty()) return fmt::format("`{}`", fmt::join(info.allowed, "`, `"));
        const std::string range = std::is_same_v<T, bool> || std::is_same_v<T, std::string> ? "" : range_text(info);
        return kList && !range.empty() ? "each " + range : range;
    }

    std::string text_;
    std::string name_;  ///< of the group
    bool in_table_ = false;
};

}  // namespace

std::string options_reference(const Describe& describe) {
    ReferenceWriter writer;
    describe(writer);
    return writer.text();
}

std::string options_to_toml(const Describe& describe) {
    TomlWriter writer;
    describe(writer);
    return writer.text();
}

std::string options_schema(const Describe& describe, const std::string& title) {
    SchemaWriter writer;
    describe(writer);
    Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", title}};
    schema.update(writer.schema);
    return schema.dump(2) + "\n";
}

}  // namespace nachos::cli
