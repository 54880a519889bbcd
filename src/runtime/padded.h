#pragma once

#include <cstdint>

namespace nachos::runtime {

/// Copies `rows` rows of `row` floats each into an image with a border: to `to + first`, `step` floats apart.
void copy_inside(const float* in, std::int64_t rows, std::int64_t row, std::int64_t first, std::int64_t step, float* to);

}  // namespace nachos::runtime
