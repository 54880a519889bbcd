#include "runtime/staged_arena.h"

namespace nachos::runtime {

std::vector<Stage> stages_of(const arch::NetDesc& net) {
    const std::vector<Lifetime> lives = lifetimes_of(net);
    std::vector<Stage> stages;
    std::size_t begin = 0;
    for (std::size_t e = 0; e < net.exits.size(); ++e) {
        std::size_t end = begin;
        while (end < net.layers.size() && static_cast<std::size_t>(net.layers[end].exit) <= e) ++end;
        Stage stage{begin, end, net.exits[e].tensor, net.shape_of(net.exits[e].tensor).elements(), {}};
        for (std::size_t t = 0; t <= end; ++t) {
            if (lives[t].last >= static_cast<int>(end)) stage.needed.push_back(t);
        }
        stages.push_back(std::move(stage));
        begin = end;
    }
    return stages;
}

}  // namespace nachos::runtime
