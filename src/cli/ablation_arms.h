#pragma once

#include "cli/config.h"

#include <span>

namespace nachos::cli {

/// Which regularizers one arm of `nachos ablate` has.
struct ArmRow {
    const char* name;
    bool cost;
    bool support;
};
std::span<const ArmRow> ablation_arms();

/// The loss of an arm: a regularizer that it has keeps its configured weight, or takes the published 1 where that is 0; one
/// that it lacks weighs 0.
train::LossOptions loss_of(const ArmRow& arm, train::LossOptions configured);

/// The configuration of one seed's search, which all arms share: no regularizers, no comparators.
SearchConfig shared_search(SearchConfig config, std::uint64_t seed);

/// Throws Error(usage) if the configuration has no average limit: the cost regularizer needs one.
void check_ablation(const SearchConfig& config);

}  // namespace nachos::cli
