#pragma once

#include "arch/net_desc.h"
#include "runtime/memory_plan.h"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <span>
#include <vector>

namespace nachos::runtime {

/// Layers up to an exit, and what must be kept when samples leave there.
struct Stage {
    std::size_t begin, end;           ///< layers
    int output;                       ///< tensor
    std::int64_t width;               ///< of the output
    std::vector<std::size_t> needed;  ///< tensors later stages read
};

std::vector<Stage> stages_of(const arch::NetDesc& net);

/// Where the maps of a batch lie, in units of T: one arena, planned once. Each tensor may be read `spare` elements behind
/// its end.
template <class T>
class StagedArena {
  public:
    StagedArena(const arch::NetDesc& net, int max_batch, std::int64_t align, std::int64_t spare) : stages_(stages_of(net)) {
        elements_.push_back(net.input.elements());
        for (const arch::Layer& layer : net.layers) elements_.push_back(layer.out.elements());
        std::vector<Lifetime> lives = lifetimes_of(net);
        for (Lifetime& l : lives) l.size = (l.size * max_batch + spare + align - 1) / align * align;
        plan_ = plan_memory(lives);
    }

    /// Elements that `memory` must have.
    std::int64_t size() const { return plan_.size; }
    void place(T* memory) { memory_ = memory; }

    T* tensor(int t) const { return memory_ + plan_.offsets[static_cast<std::size_t>(t)]; }
    std::int64_t elements(int t) const { return elements_[static_cast<std::size_t>(t)]; }
    const std::vector<Stage>& stages() const { return stages_; }

    /// Moves these rows of what is needed behind that stage to the front; ascending.
    void keep(const Stage& stage, std::span<const int> rows) const {
        assert(std::is_sorted(rows.begin(), rows.end()));
        for (const std::size_t t : stage.needed) {
            const std::int64_t size = elements_[t];
            T* const from = tensor(static_cast<int>(t));
            T* to = from;
            for (const int row : rows) {
                if (to != from + row * size) std::copy_n(from + row * size, size, to);
                to += size;
            }
        }
    }

  private:
    std::vector<Stage> stages_;
    std::vector<std::int64_t> elements_;  ///< per tensor and sample
    MemoryPlan plan_;
    T* memory_ = nullptr;
};

}  // namespace nachos::runtime
