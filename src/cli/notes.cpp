#include "cli/notes.h"

#include "search/paper_engine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace nachos::cli {

std::vector<std::string> notes_of(const SearchConfig& config) {
    if (config.search.engine != "nachos-paper") return {};
    std::vector<std::string> scaled;
    const auto compare = [&](const char* key, const auto& own, const auto& published) {
        if (own != published) scaled.push_back(fmt::format("{} = {} (published {})", key, own, published));
    };
    compare("search.evaluations", config.search.evaluations, search::kPublishedEvaluations);
    compare("search.initial", config.search.initial, search::kPublishedInitial);
    compare("search.batch", config.search.batch, search::kPublishedBatch);
    compare("evaluate.fidelity", config.evaluate.fidelity, search::kPublishedFidelity);
    compare("policy.rule", config.policy.rule, "published");
    if (scaled.empty()) return {"engine nachos-paper at its published size"};
    return {fmt::format("engine nachos-paper, scaled: {}", fmt::join(scaled, ", "))};
}

}  // namespace nachos::cli
