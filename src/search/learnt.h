#pragma once

#include "search/archive.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace nachos::search {

/// What the differentiable engine learnt for one budget of the grid, and what became of it.
struct LearntDesign {
    double budget_macs = 0;
    arch::ArchSpec arch;
    std::vector<double> gate_offsets;     ///< one a placed exit
    std::optional<double> expected_macs;  ///< on the validation part, by the gates as learnt, before any thresholds
    std::optional<double> tuned_macs;     ///< average with thresholds fitted for the budget, cross-fitted
    std::optional<double> accuracy;       ///< likewise
    double worst_macs = 0;
};

/// The designs' evaluations in the archive give the tuned figures.
void fill_tuned(std::vector<LearntDesign>& designs, std::span<const study::Evaluation> archive,
                const std::vector<double>& budgets);

/// Why the designs are no answer, in one sentence, or nothing. A collapse is: one architecture for all budgets, though they
/// span a factor of two; no exit anywhere, though at some budget one of the archive's designs with exits is more accurate by
/// half a point; or expected costs a quarter above their budget at more than half of the budgets that the archive has
/// designs for.
std::optional<std::string> collapse_of(std::span<const LearntDesign> designs, std::span<const study::Evaluation> archive);

}  // namespace nachos::search
