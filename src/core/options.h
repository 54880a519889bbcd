#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nachos::core {

/// What a user needs to know of one configuration key. Its default is the member's initial value and stands nowhere else.
struct OptionInfo {
    std::string_view key;
    std::string_view help;  ///< one sentence, unit and source included
    double min = -std::numeric_limits<double>::infinity();
    double max = std::numeric_limits<double>::infinity();
    std::vector<std::string_view> allowed = {};  ///< for text: the values allowed; empty = any
};

/// Reads or writes option structs. Every option struct has `void describe(OptionVisitor&)`, which calls `field` once a
/// member; loading a file, showing, checking, the schema and the reference page are visitors.
class OptionVisitor {
  public:
    virtual ~OptionVisitor() = default;
    virtual void field(const OptionInfo& info, bool& value) = 0;
    virtual void field(const OptionInfo& info, int& value) = 0;
    virtual void field(const OptionInfo& info, std::uint64_t& value) = 0;
    virtual void field(const OptionInfo& info, double& value) = 0;
    virtual void field(const OptionInfo& info, std::string& value) = 0;
    virtual void field(const OptionInfo& info, std::optional<double>& value) = 0;
    virtual void field(const OptionInfo& info, std::vector<int>& value) = 0;
    virtual void field(const OptionInfo& info, std::vector<std::vector<int>>& value) = 0;
    /// A table of keys: `body` calls field for each.
    virtual void group(std::string_view key, std::string_view help, const std::function<void()>& body) = 0;
};

}  // namespace nachos::core
