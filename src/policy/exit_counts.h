#pragma once

#include "policy/confidence.h"

#include <span>
#include <vector>

namespace nachos::policy {

/// Mean of the costs of `taken[i]` samples that left at exit i; its sum runs over the exits in order, so that every caller
/// gets the same bits.
double mean_cost(std::span<const int> taken, std::span<const double> cost);

/// One-sided upper 95 % confidence bound of that mean: mean + 1.645 * sd / sqrt(N).
double mean_cost_upper(std::span<const int> taken, std::span<const double> cost);

/// Checks what thresholds are computed from: samples, sizes, confidences that compare, costs positive and not falling.
/// Throws Error(bad_data).
void check(const ExitView& view, std::span<const double> cost);

}  // namespace nachos::policy
