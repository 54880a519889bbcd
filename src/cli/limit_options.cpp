#include "cli/limit_options.h"

#include "cli/generic_visitor.h"
#include "cli/option_visitors.h"

#include <fmt/format.h>

#include <algorithm>

namespace nachos::cli {
namespace {

/// Calls `add` with each key and its help.
class KeyVisitor : public GenericVisitor<KeyVisitor> {
  public:
    using Add = std::function<void(const std::string& key, const std::string& help)>;
    explicit KeyVisitor(Add add) : add_(std::move(add)) {}

    template <class T>
    void visit(const core::OptionInfo& info, const T&) {
        add_(std::string(info.key), std::string(info.help));
    }
    void group(std::string_view, std::string_view, const std::function<void()>& body) override { body(); }

  private:
    Add add_;
};

}  // namespace

LimitOptions::LimitOptions(CLI::App& command) {
    KeyVisitor visitor([&](const std::string& key, const std::string& help) {
        std::string name = "--" + key;
        std::replace(name.begin(), name.end(), '_', '-');
        command.add_option(name, given_[key], help)->group("Limits (the study's own unless given; none = no limit)");
    });
    study::Limits().describe(visitor);
}

study::Limits LimitOptions::applied_to(study::Limits limits) const {
    ConfigText text{"", "command line", {}};
    for (const auto& [key, value] : given_)
        if (!value.empty()) text.overrides.push_back(fmt::format("{}={}", key, value));
    read_options(text, [&](core::OptionVisitor& v) { limits.describe(v); });
    return limits;
}

}  // namespace nachos::cli
