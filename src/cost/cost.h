#pragma once

#include "arch/net_desc.h"

#include <cstdint>
#include <vector>

namespace nachos::cost {

/// Exact costs of a network (method 2), derived from its NetDesc alone. Vectors have one entry an exit, the final one last.
struct Costs {
    std::vector<std::int64_t> backbone_macs;  ///< input to that exit's site; for the last: to the end of the last stage
    std::vector<std::int64_t> head_macs;      ///< that exit's head, gate included; for the last: all after the last stage
    std::vector<std::int64_t> executed_macs;  ///< backbone(i) + sum over placed j <= i of head(j)
    std::vector<std::int64_t> paper_macs;     ///< backbone(i) + head(i): earlier heads are free
    std::int64_t params = 0;                  ///< weights and biases after folding batch norm
    std::int64_t peak_activation_bytes =
        0;  ///< float32, liveness over the schedule, the map held for a pending exit included

    std::int64_t worst_macs() const { return executed_macs.back(); }
    std::int64_t least_macs() const { return executed_macs.front(); }  ///< no average can be below it
};

Costs costs_of(const arch::NetDesc& net);

/// The most bytes of activations alive at once, batch 1, float32. A layer's output is alive from its own step to its last
/// reader's; activation, add and scale write over their first input where nobody reads it later. Worst case: no exit taken.
std::int64_t peak_activation_bytes(const arch::NetDesc& net);

}  // namespace nachos::cost
