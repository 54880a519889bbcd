#pragma once

#include "arch/net_desc.h"

#include <cstdint>
#include <vector>

namespace nachos::runtime {

/// When a tensor is needed, in steps, both ends included, and how large it is.
struct Lifetime {
    int first = 0;
    int last = 0;
    std::int64_t size = 0;  ///< any unit
};

struct MemoryPlan {
    std::vector<std::int64_t> offsets;  ///< one a lifetime
    std::int64_t size = 0;              ///< of the whole arena
};

/// Places tensors in one arena so that no two needed at the same step overlap: largest first, each at the lowest place free
/// (Pisarchyk and Lee 2020, arXiv 2001.03288, greedy by size). O(n^2 log n).
MemoryPlan plan_memory(const std::vector<Lifetime>& lifetimes);

/// Lifetimes of a network's tensors for one sample, in elements: step i is layer i; the input is born at step 0; an exit's
/// output lasts to the end of its stage, so that it can be read there.
std::vector<Lifetime> lifetimes_of(const arch::NetDesc& net);

}  // namespace nachos::runtime
