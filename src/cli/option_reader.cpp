#include "cli/generic_visitor.h"
#include "cli/nearest.h"
#include "cli/option_visitors.h"
#include "core/error.h"

// toml++ asserts what a damaged file can break, and where NDEBUG is defined lets the compiler take it for granted. Here it
// is an error in either case. No other source includes it.
namespace nachos::cli {
[[noreturn]] void refuse_toml();
}
#undef NDEBUG
#define TOML_ASSERT(expr) (static_cast<bool>(expr) ? void() : ::nachos::cli::refuse_toml())
#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <map>
#include <set>
#include <sstream>

namespace nachos::cli {

void refuse_toml() { throw toml::parse_error("holds a character where none like it may stand", toml::source_region{}); }

namespace {

/// A value and where it was given.
struct Given {
    const toml::node* value = nullptr;
    std::string where;
};

std::string quoted(const toml::node& node) {
    std::ostringstream out;
    out << toml::toml_formatter{node, toml::format_flags::none};
    return out.str();
}

std::string kind_and_text(const toml::node& node) {
    if (node.is_table()) return "a group of keys";
    if (node.is_array()) return "the list " + quoted(node);
    if (node.is_string()) return "the text " + quoted(node);
    return quoted(node);
}

std::string range_text(const core::OptionInfo& info) {
    if (std::isinf(info.max)) return fmt::format("at least {}", info.min);
    if (std::isinf(info.min)) return fmt::format("at most {}", info.max);
    return fmt::format("{} to {}", info.min, info.max);
}

/// Where a text or comment that begins at `begin` ends, or `begin` itself where neither does.
std::size_t skipped(std::string_view toml, std::size_t begin) {
    const char c = toml[begin];
    if (c == '#') return std::min(toml.find('\n', begin), toml.size());
    if (c != '"' && c != '\'') return begin;
    const std::string thrice(3, c);
    const bool lines = toml.substr(begin).starts_with(thrice);
    const std::string_view quote = lines ? std::string_view(thrice) : toml.substr(begin, 1);
    for (std::size_t at = begin + quote.size(); at < toml.size(); ++at) {
        if (toml.substr(at).starts_with(quote)) {
            at += quote.size();
            for (int more = 0; lines && more < 2 && at < toml.size() && toml[at] == c; ++more) ++at;  // still of the text
            return at;
        }
        if (toml[at] == '\n' && !lines) return at;
        if (toml[at] == '\\' && c == '"') ++at;
    }
    return toml.size();
}

/// A key a.b.c makes a group in a group; toml++ limits the depth of values, not that of keys, and walks through both by
/// recursion.
void check_key_depth(std::string_view toml, const std::string& where) {
    constexpr int kMostDots = 8;
    int dots = 0, line = 1;
    for (std::size_t at = 0; at < toml.size();) {
        if (const std::size_t end = skipped(toml, at); end != at) {
            line += static_cast<int>(std::count(toml.begin() + at, toml.begin() + end, '\n'));
            at = end;
            continue;
        }
        const char c = toml[at++];
        if (c == '\n') ++line;
        if (c == '\n' || c == '=' || c == ',' || c == '[' || c == '{') dots = 0;
        if (c == '.')
            require(++dots <= kMostDots, ErrorKind::usage, "{}, line {}: a key has more than {} dots", where, line,
                    kMostDots);
    }
}

/// The documents given, flattened to dotted keys; later ones win.
class Sources {
  public:
    explicit Sources(const ConfigText& text) {
        check_key_depth(text.toml, text.where);
        try {
            add(toml::parse(text.toml),
                [&](const toml::node& node) { return fmt::format("{}, line {}", text.where, node.source().begin.line); });
        } catch (const toml::parse_error& error) {
            const auto line = error.source().begin.line;  // 0 = not known
            fail(ErrorKind::usage, "{}{}: {}", text.where, line > 0 ? fmt::format(", line {}", line) : "",
                 error.description());
        }
        for (const auto& item : text.overrides)
            add(parse_override(item), [&](const toml::node&) { return "command line, " + item; });
    }

    const std::map<std::string, Given>& given() const { return given_; }

  private:
    using Where = std::function<std::string(const toml::node&)>;

    static toml::table parse_override(const std::string& item) {
        const auto equals = item.find('=');
        require(equals != std::string::npos && equals > 0, ErrorKind::usage, "an override reads key=value, got '{}'", item);
        const std::string key = item.substr(0, equals);
        const std::string value = item.substr(equals + 1);
        try {
            return toml::parse(key + " = " + value);
        } catch (const toml::parse_error&) {  // a bare word: text
        }
        try {
            std::ostringstream text;
            text << key << " = " << toml::toml_formatter{toml::value<std::string>{value}, toml::format_flags::none};
            return toml::parse(text.str());
        } catch (const toml::parse_error& error) {
            fail(ErrorKind::usage, "cannot read the override '{}': {}", item, error.description());
        }
    }

    void add(toml::table document, const Where& where) {
        documents_.push_back(std::move(document));
        flatten(documents_.back(), "", where);
    }

    void flatten(const toml::table& table, const std::string& prefix, const Where& where) {
        for (const auto& [key, node] : table) {
            const std::string name = prefix + std::string(key.str());
            if (const auto* inner = node.as_table(); inner != nullptr && !inner->empty())
                flatten(*inner, name + ".", where);
            else
                given_[name] = {&node, where(node)};
        }
    }

    std::deque<toml::table> documents_;  ///< stable addresses: given_ points into them
    std::map<std::string, Given> given_;
};

class Reader : public GenericVisitor<Reader> {
  public:
    explicit Reader(const Sources& sources) : given_(sources.given()) {}

    template <class T>
    void visit(const core::OptionInfo& info, T& value) {
        name_ = prefix_ + std::string(info.key);
        known_.push_back(name_);
        const auto found = given_.find(name_);
        if (found == given_.end()) return;
        where_ = found->second.where;
        convert(info, *found->second.value, value);
    }

    void group(std::string_view key, std::string_view, const std::function<void()>& body) override {
        const std::string outer = prefix_;
        groups_.insert(prefix_ + std::string(key));
        prefix_ += std::string(key) + ".";
        body();
        prefix_ = outer;
    }

    void refuse_unknown(bool other_groups) const {
        for (const auto& [key, given] : given_) {
            if (other_groups && !groups_.contains(key.substr(0, key.find('.')))) continue;
            if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
            if (groups_.contains(key)) {
                require(given.value->is_table(), ErrorKind::usage, "{} is a group of keys, got {} ({})", key,
                        kind_and_text(*given.value), given.where);
                continue;
            }
            fail(ErrorKind::usage, "unknown key '{}' ({}); did you mean '{}'?", key, given.where, nearest_key(key, known_));
        }
    }

  private:
    [[noreturn]] void wrong_type(const char* needed, const toml::node& node) const {
        fail(ErrorKind::usage, "{} needs {}, got {} ({})", name_, needed, kind_and_text(node), where_);
    }

    void check_range(const core::OptionInfo& info, double number, const toml::node& node) const {
        require(number >= info.min && number <= info.max && std::isfinite(number), ErrorKind::usage,
                "{} = {} is out of range: {} is allowed ({})", name_, quoted(node), range_text(info), where_);
    }

    std::int64_t integer(const core::OptionInfo& info, const toml::node& node, double low, double high) const {
        const auto number = node.value_exact<std::int64_t>();
        if (!number) wrong_type("an integer", node);
        core::OptionInfo narrowed = info;
        narrowed.min = std::max(info.min, low);
        narrowed.max = std::min(info.max, high);
        check_range(narrowed, static_cast<double>(*number), node);
        return *number;
    }

    void convert(const core::OptionInfo&, const toml::node& node, bool& value) const {
        const auto truth = node.value_exact<bool>();
        if (!truth) wrong_type("true or false", node);
        value = *truth;
    }

    void convert(const core::OptionInfo& info, const toml::node& node, int& value) const {
        using Limits = std::numeric_limits<int>;
        value = static_cast<int>(integer(info, node, Limits::min(), Limits::max()));
    }

    void convert(const core::OptionInfo& info, const toml::node& node, std::uint64_t& value) const {
        value = static_cast<std::uint64_t>(integer(info, node, 0, std::numeric_limits<double>::infinity()));
    }

    void convert(const core::OptionInfo& info, const toml::node& node, double& value) const {
        if (!node.is_number()) wrong_type("a number", node);
        const double number = *node.value<double>();
        check_range(info, number, node);
        value = number;
    }

    void convert(const core::OptionInfo& info, const toml::node& node, std::optional<double>& value) const {
        if (node.value_exact<std::string>() == "none") {
            value.reset();
            return;
        }
        if (!node.is_number()) wrong_type("a number, or \"none\"", node);
        convert(info, node, value.emplace());
    }

    void convert(const core::OptionInfo& info, const toml::node& node, std::string& value) const {
        const auto text = node.value_exact<std::string>();
        if (!text) wrong_type("a text", node);
        const auto& allowed = info.allowed;
        require(allowed.empty() || std::find(allowed.begin(), allowed.end(), *text) != allowed.end(), ErrorKind::usage,
                "{} = {} is not allowed: one of {} ({})", name_, quoted(node), fmt::join(allowed, ", "), where_);
        value = *text;
    }

    template <class T>
    void convert(const core::OptionInfo& info, const toml::node& node, std::vector<T>& value) const {
        const auto* list = node.as_array();
        if (list == nullptr) wrong_type(std::is_same_v<T, int> ? "a list of integers" : "a list of lists of integers", node);
        value.clear();
        for (const auto& item : *list) convert(info, item, value.emplace_back());
    }

    const std::map<std::string, Given>& given_;
    std::vector<std::string> known_;
    std::set<std::string> groups_;
    std::string prefix_;
    std::string name_;   ///< of the field being read
    std::string where_;  ///< it was given
};

}  // namespace

void read_options(const ConfigText& text, const Describe& describe) {
    const Sources sources(text);
    Reader reader(sources);
    describe(reader);
    reader.refuse_unknown(text.other_groups);
}

}  // namespace nachos::cli
