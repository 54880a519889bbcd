#pragma once

#include "policy/confidence.h"

#include <span>
#include <vector>

namespace nachos::policy {

/// Mean of the costs of `taken[i]` samples that left at exit i; its sum runs over the exits in order, so that every caller
/// gets the same bits.
double mean_cost(std::span<const int> taken, std::span<const double> cost);

/// Its standard error, sd / sqrt(N); 0 for one sample.
double mean_cost_error(std::span<const int> taken, std::span<const double> cost);

/// Quantile of the standard normal at 95 %.
inline constexpr double kZ95 = 1.6448536269514722;

/// One-sided upper confidence bound of that mean: mean + z * error; of 95 % unless another z is given.
double mean_cost_upper(std::span<const int> taken, std::span<const double> cost, double z = kZ95);

/// The smallest cost that at least 95 % of the samples do not exceed; costs do not fall from exit to exit.
double p95_cost(std::span<const int> taken, std::span<const double> cost);

/// Checks what thresholds are computed from: samples, sizes, confidences that compare, costs positive and not falling.
/// Throws Error(bad_data).
void check(const ExitView& view, std::span<const double> cost);

}  // namespace nachos::policy
