#pragma once

#include "data/check.h"
#include "fuzz.h"

namespace nachos::fuzz {

/// `data check` and loading, of what the scratch folder holds.
inline void check_and_load(const char* format) {
    const data::DataOptions as_they_are{.path = scratch_folder().string(), .format = format};
    data::DataOptions small = as_they_are;
    small.resolution = 8;
    small.channels = 3;
    accept_or_refuse([&] { data::inspect(as_they_are); });
    accept_or_refuse([&] { data::load(as_they_are); });
    accept_or_refuse([&] { data::load(small); });
}

}  // namespace nachos::fuzz
