#pragma once

#include <cstdint>

namespace nachos::core {

/// IEEE binary16 of a float, rounded to nearest even; overflow becomes infinity.
std::uint16_t to_half(float value);
float from_half(std::uint16_t bits);

}  // namespace nachos::core
