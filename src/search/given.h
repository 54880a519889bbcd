#pragma once

#include "search/engine.h"

#include <string>
#include <string_view>
#include <vector>

namespace nachos::search {

/// The architectures of a text: one ARCH.json, a list of them, or a pareto.json, whose designs' architectures it takes, each
/// once. Throws Error(bad_data) naming `where`: no JSON, none of the three, or what arch::spec_from_json refuses.
std::vector<arch::ArchSpec> architectures_from(std::string_view text, const std::string& where);

/// Those as one list: what configurations keep.
std::string architectures_text(const std::vector<arch::ArchSpec>& specs);

/// No search: evaluates the architectures that options.given lists, in order, whatever options.evaluations says. Throws
/// Error(bad_data) if one is not of the space, Error(inadmissible) if one breaks a limit that needs no data.
SearchResult given_search(const SearchProblem& problem, const SearchOptions& options, core::Rng rng,
                          const SearchObserver& observer);

}  // namespace nachos::search
