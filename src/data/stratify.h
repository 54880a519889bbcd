#pragma once

#include "core/rng.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace nachos::data {

/// How many rows of class `c`, which has `rows`, go onto the first pile, the second, ...; what remains is the last pile.
using PileSizes = std::function<std::vector<std::size_t>(int c, std::size_t rows)>;

/// Deals the rows of each class onto piles in random order; each pile is sorted. Rows of one class depend on the stream of
/// `rng` and that class alone. The sizes must not exceed the rows. O(n log n).
std::vector<std::vector<int>> deal(const std::vector<std::int32_t>& labels, int classes, const PileSizes& sizes,
                                   const core::Rng& rng);

/// The part of `rows` that `fraction` asks for: rounded, at least 1.
std::size_t share_of(std::size_t rows, double fraction);

/// Divides `total` in proportion to `counts` by largest remainder, each class at least 1. `total` is at least the number of
/// classes and at most the sum of counts, each of which is at least 1.
std::vector<std::size_t> apportion(const std::vector<std::size_t>& counts, std::size_t total);

std::vector<std::size_t> count_labels(const std::vector<std::int32_t>& labels, int classes);

}  // namespace nachos::data
