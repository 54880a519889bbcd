#pragma once

#include "search/learnt.h"

#include <string>
#include <string_view>
#include <vector>

namespace nachos::report {

/// Where a study keeps them, and why they are no answer (empty: they are one).
inline constexpr const char* kLearntKey = "learnt designs";
inline constexpr const char* kCollapseKey = "learnt designs collapsed";

/// The designs of the differentiable engine as a study keeps them.
std::string to_json(const std::vector<search::LearntDesign>& designs);
/// Throws Error(bad_data) naming `where`.
std::vector<search::LearntDesign> learnt_from_json(std::string_view text, const std::string& where);

/// One line a budget: architecture, expected and tuned cost, accuracy, worst cost.
std::string learnt_table(const std::vector<search::LearntDesign>& designs);
/// The same as HTML rows with a head; empty without designs.
std::string learnt_html(const std::vector<search::LearntDesign>& designs);

}  // namespace nachos::report
