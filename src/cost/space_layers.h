#pragma once

#include "cost/latency_table.h"
#include "cost/space_parts.h"

#include <vector>

namespace nachos::cost {

/// Networks of a space, weights empty, that together hold every layer (by LayerKey) that any architecture of it can have.
/// Exits of the published style whose pooling no such network happens to get stand as networks of their own. Builds each
/// part's joint choices: some thousand small networks, a tenth of a second.
std::vector<arch::NetDesc> covering_networks(const arch::SearchSpace& space);

/// The layers of the space that the table lacks.
std::vector<LayerKey> missing_layers(const arch::SearchSpace& space, const LatencyTable& table);

}  // namespace nachos::cost
