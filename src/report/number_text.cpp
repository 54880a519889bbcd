#include "report/number_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace nachos::report {

namespace {

struct Scaled {
    double value;
    const char* unit;
};

/// By powers of 1000, so that what is printed with one decimal stays below 1000.
Scaled scaled(double value) {
    constexpr const char* kUnits[] = {"", " k", " M", " G", " T"};
    std::size_t unit = 0;
    for (; value >= 999.95 && unit + 1 < std::size(kUnits); ++unit) value /= 1000;
    return {value, kUnits[unit]};
}

}  // namespace

std::string count_text(double value) {
    const auto [number, unit] = scaled(value);
    const int decimals = *unit == '\0' ? 0 : number < 10 ? 2 : 1;
    return fmt::format("{:.{}f}{}", number, decimals, unit);
}

std::string short_count_text(double value) {
    const auto [number, unit] = scaled(value);
    return fmt::format("{:.4g}{}", number, unit);
}

std::string bytes_text(double value) {
    const std::string text = count_text(value);
    return text.find(' ') == std::string::npos ? text + " B" : text + "B";
}

std::string time_text(double us) { return us < 999.95 ? fmt::format("{:.1f} us", us) : fmt::format("{:.2f} ms", us / 1000); }

std::string time_text(const std::optional<double>& us) { return us ? time_text(*us) : "-"; }

std::string percent_text(double share, int decimals) { return fmt::format("{:.{}f} %", 100 * share, decimals); }

std::string percent_text(const std::optional<double>& share) { return share ? percent_text(*share, 2) : "-"; }

std::string thresholds_text(const policy::Thresholds& thresholds) {
    std::vector<std::string> items;
    for (const auto& t : thresholds) items.push_back(t ? fmt::format("{:.3g}", *t) : "off");
    return items.empty() ? "-" : fmt::format("{}", fmt::join(items, " "));
}

std::string shares_text(const std::vector<double>& shares) {
    std::vector<std::string> items;
    for (const double share : shares) items.push_back(fmt::format("{:.0f}", 100 * share));
    return fmt::format("{}", fmt::join(items, " "));
}

}  // namespace nachos::report
