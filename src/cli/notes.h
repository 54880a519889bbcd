#pragma once

#include "cli/config.h"

namespace nachos::cli {

/// What results of this configuration must say of themselves: how an engine's published size was scaled, whose
/// shared weights they use.
std::vector<std::string> notes_of(const SearchConfig& config);

/// What progress says of a search: its best design so far.
std::string search_note(const search::SearchStep& step);

}  // namespace nachos::cli
