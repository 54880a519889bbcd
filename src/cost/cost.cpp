#include "cost/cost.h"

#include <algorithm>

namespace nachos::cost {

using arch::Layer;
using arch::LayerKind;
using arch::NetDesc;

Costs costs_of(const NetDesc& net) {
    Costs costs;
    const auto exits = static_cast<std::size_t>(net.exit_count());
    costs.backbone_macs.assign(exits, 0);
    costs.head_macs.assign(exits, 0);
    for (const Layer& layer : net.layers) {
        const auto exit = static_cast<std::size_t>(layer.exit);
        (layer.head ? costs.head_macs : costs.backbone_macs)[exit] += layer.macs();
        costs.params += layer.params();
    }
    std::int64_t heads = 0;
    for (std::size_t i = 0; i < exits; ++i) {
        if (i > 0) costs.backbone_macs[i] += costs.backbone_macs[i - 1];
        heads += costs.head_macs[i];
        costs.executed_macs.push_back(costs.backbone_macs[i] + heads);
        costs.paper_macs.push_back(costs.backbone_macs[i] + costs.head_macs[i]);
    }
    costs.peak_activation_bytes = peak_activation_bytes(net);
    return costs;
}

std::int64_t peak_activation_bytes(const NetDesc& net) {
    const std::vector<std::size_t> last_reader = arch::last_readers(net);
    std::int64_t alive = net.input.elements();
    std::int64_t peak = alive;
    for (std::size_t i = 0; i < net.layers.size(); ++i) {
        const Layer& layer = net.layers[i];
        const auto first = static_cast<std::size_t>(layer.inputs[0]);
        const bool elementwise =
            layer.kind == LayerKind::activation || layer.kind == LayerKind::add || layer.kind == LayerKind::scale;
        const bool in_place = elementwise && last_reader[first] == i;
        peak = std::max(peak, alive + (in_place ? 0 : layer.out.elements()));
        alive += layer.out.elements();
        std::vector<int> read = layer.inputs;
        std::sort(read.begin(), read.end());
        read.erase(std::unique(read.begin(), read.end()), read.end());
        read.push_back(static_cast<int>(i) + 1);  // an output that nobody reads dies at once
        for (const int t : read) {
            if (last_reader[static_cast<std::size_t>(t)] == i) alive -= net.shape_of(t).elements();
        }
    }
    return peak * 4;
}

}  // namespace nachos::cost
