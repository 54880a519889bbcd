#include "cli/ablation_arms.h"

#include "core/error.h"

#include <array>

namespace nachos::cli {
namespace {

constexpr std::array kArms{
    ArmRow{"none", false, false},
    ArmRow{"cost", true, false},
    ArmRow{"support", false, true},
    ArmRow{"both", true, true},
};

double weight_of(bool on, double configured) {
    if (!on) return 0;
    return configured > 0 ? configured : 1;
}

}  // namespace

std::span<const ArmRow> ablation_arms() { return kArms; }

train::LossOptions loss_of(const ArmRow& arm, train::LossOptions configured) {
    configured.cost_weight = weight_of(arm.cost, configured.cost_weight);
    configured.support_weight = weight_of(arm.support, configured.support_weight);
    return configured;
}

SearchConfig shared_search(SearchConfig config, std::uint64_t seed) {
    config.seed = seed;
    config.loss.cost_weight = config.loss.support_weight = 0;
    config.final.comparators = false;
    return config;
}

void check_ablation(const SearchConfig& config) {
    require(config.limits.max_avg_macs.has_value(), ErrorKind::usage,
            "an ablation needs limits.max_avg_macs, which the cost regularizer holds networks to; it is not set");
}

}  // namespace nachos::cli
