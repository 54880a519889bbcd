#include "study/fidelity.h"

#include "core/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace nachos::study {
namespace {

using Weights = Fidelity::Weights;

constexpr std::array kTrained{std::pair{"finetune", Weights::finetune}, std::pair{"scratch", Weights::scratch}};
constexpr int kMostEpochs = 10000;

std::optional<Fidelity> fidelity_from(std::string_view text) {
    if (text == "inherit") return Fidelity{};
    for (const auto& [name, weights] : kTrained) {
        const std::string prefix = fmt::format("{}:", name);
        if (!text.starts_with(prefix)) continue;
        const char* const end = text.data() + text.size();
        int epochs = 0;
        const auto [read, error] = std::from_chars(text.data() + prefix.size(), end, epochs);
        if (error == std::errc() && read == end && epochs >= 1 && epochs <= kMostEpochs) return Fidelity{weights, epochs};
    }
    return {};
}

std::string_view trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(' ');
    return begin == std::string_view::npos ? "" : text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

}  // namespace

std::string text_of(const Fidelity& fidelity) {
    for (const auto& [name, weights] : kTrained)
        if (fidelity.weights == weights) return fmt::format("{}:{}", name, fidelity.epochs);
    return "inherit";
}

std::vector<Fidelity> fidelities_from(const std::string& text) {
    std::vector<Fidelity> all;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find(',', begin), text.size());
        const std::string_view part = trimmed(std::string_view(text).substr(begin, end - begin));
        const auto fidelity = fidelity_from(part);
        require(fidelity.has_value(), ErrorKind::usage,
                "evaluate.fidelity names '{}'; allowed are inherit, finetune:E and scratch:E with E from 1 to {} epochs, "
                "several of them separated by commas",
                part, kMostEpochs);
        require(std::find(all.begin(), all.end(), *fidelity) == all.end(), ErrorKind::usage,
                "evaluate.fidelity names '{}' twice", part);
        all.push_back(*fidelity);
        begin = end + 1;
    }
    return all;
}

std::optional<std::string> judged_fidelity(std::span<const Fidelity> fidelities,
                                           const std::function<bool(const std::string& fidelity)>& any) {
    for (auto fidelity = fidelities.rbegin(); fidelity != fidelities.rend(); ++fidelity)
        if (std::string name = text_of(*fidelity); any(name)) return name;
    return {};
}

std::vector<Evaluation> judged(std::vector<Evaluation> evaluations, std::span<const Fidelity> fidelities) {
    const auto fidelity = judged_fidelity(fidelities, [&](const std::string& name) {
        return std::any_of(evaluations.begin(), evaluations.end(), [&](const Evaluation& e) { return e.fidelity == name; });
    });
    if (fidelity) std::erase_if(evaluations, [&](const Evaluation& e) { return e.fidelity != *fidelity; });
    return evaluations;
}

}  // namespace nachos::study
