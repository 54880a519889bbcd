#pragma once

#include <span>
#include <vector>

namespace nachos::core {

/// Ranks from 1; equal values share the mean of theirs. O(n log n).
std::vector<double> average_ranks(std::span<const double> values);

/// Kendall's tau-b (Kendall 1945), corrected for ties; 0 where one side is constant or fewer than two pairs are given.
/// O(n log n) (Knight 1966). Equal sizes, finite values.
double kendall_tau(std::span<const double> a, std::span<const double> b);

/// Spearman's rho: Pearson's correlation of the average ranks; 0 where one side is constant. O(n log n).
double spearman_rho(std::span<const double> a, std::span<const double> b);

/// Root of the mean squared difference; 0 for no values.
double root_mean_square_error(std::span<const double> a, std::span<const double> b);

}  // namespace nachos::core
