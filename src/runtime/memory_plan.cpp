#include "runtime/memory_plan.h"

#include <algorithm>
#include <numeric>

namespace nachos::runtime {

MemoryPlan plan_memory(const std::vector<Lifetime>& lifetimes) {
    MemoryPlan plan;
    plan.offsets.assign(lifetimes.size(), 0);
    std::vector<std::size_t> order(lifetimes.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return lifetimes[a].size > lifetimes[b].size; });
    std::vector<std::size_t> placed;
    for (const std::size_t t : order) {
        std::vector<std::size_t> beside;  // needed at the same time, by offset
        for (const std::size_t p : placed) {
            if (lifetimes[p].first <= lifetimes[t].last && lifetimes[t].first <= lifetimes[p].last) beside.push_back(p);
        }
        std::sort(beside.begin(), beside.end(),
                  [&](std::size_t a, std::size_t b) { return plan.offsets[a] < plan.offsets[b]; });
        std::int64_t at = 0;
        for (const std::size_t p : beside) {
            if (at + lifetimes[t].size <= plan.offsets[p]) break;
            at = std::max(at, plan.offsets[p] + lifetimes[p].size);
        }
        plan.offsets[t] = at;
        plan.size = std::max(plan.size, at + lifetimes[t].size);
        placed.push_back(t);
    }
    return plan;
}

std::vector<Lifetime> lifetimes_of(const arch::NetDesc& net) {
    std::vector<Lifetime> lives(net.layers.size() + 1);
    lives[0] = {0, 0, net.input.elements()};
    const std::vector<std::size_t> last = arch::last_readers(net);
    lives[0].last = static_cast<int>(last[0]);
    for (std::size_t i = 0; i < net.layers.size(); ++i)
        lives[i + 1] = {static_cast<int>(i), static_cast<int>(last[i + 1]), net.layers[i].out.elements()};
    for (std::size_t i = 0; i < net.layers.size(); ++i) {
        const auto exit = static_cast<std::size_t>(net.layers[i].exit);
        Lifetime& output = lives[static_cast<std::size_t>(net.exits[exit].tensor)];
        output.last = std::max(output.last, static_cast<int>(i));
    }
    return lives;
}

}  // namespace nachos::runtime
