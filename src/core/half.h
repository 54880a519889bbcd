#pragma once

#include <cstddef>
#include <cstdint>

namespace nachos::core {

/// IEEE binary16 of a float, rounded to nearest even; overflow becomes infinity.
std::uint16_t to_half(float value);
void to_halves(const float* values, std::size_t count, std::uint16_t* halves);
float from_half(std::uint16_t bits);

}  // namespace nachos::core
