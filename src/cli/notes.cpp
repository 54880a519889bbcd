#include "cli/notes.h"

#include "report/number_text.h"
#include "search/paper_engine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace nachos::cli {
namespace {

/// How the engine's published size was scaled.
std::string size_note(const SearchConfig& config) {
    std::vector<std::string> scaled;
    const auto compare = [&](const char* key, const auto& own, const auto& published) {
        if (own != published) scaled.push_back(fmt::format("{} = {} (published {})", key, own, published));
    };
    compare("search.evaluations", config.search.evaluations, search::kPublishedEvaluations);
    compare("search.initial", config.search.initial, search::kPublishedInitial);
    compare("search.batch", config.search.batch, search::kPublishedBatch);
    compare("evaluate.fidelity", config.evaluate.fidelity, search::kPublishedFidelity);
    compare("policy.rule", config.policy.rule, "published");
    if (scaled.empty()) return "engine nachos-paper at its published size";
    return fmt::format("engine nachos-paper, scaled: {}", fmt::join(scaled, ", "));
}

}  // namespace

std::vector<std::string> notes_of(const SearchConfig& config) {
    std::vector<std::string> notes;
    if (!config.supernet.from.empty())
        notes.push_back(fmt::format("shared weights taken from the study '{}' (supernet.from)",
                                    std::filesystem::path(config.supernet.from).filename().string()));
    if (config.search.engine == "nachos-paper") notes.push_back(size_note(config));
    return notes;
}

std::string search_note(const search::SearchStep& step) {
    if (!step.best) return "no design meets the limits yet";
    return fmt::format("best {} at {} MACs", report::percent_text(step.best->accuracy),
                       report::count_text(step.best->avg_macs));
}

}  // namespace nachos::cli
