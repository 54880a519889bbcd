#pragma once

#include "search/differentiable/arch_policy.h"

#include <filesystem>
#include <vector>

namespace nachos::search {

/// What the policy says of one budget of the grid.
struct DecodedDesign {
    double budget_macs = 0;
    arch::ArchSpec arch;
    std::vector<double> gate_offsets;  ///< a site; added to gate logits they say how readily samples leave at that budget
};

struct Decoded {
    std::vector<DecodedDesign> designs;   ///< one a budget, ascending
    std::vector<arch::ArchSpec> samples;  ///< of the policy at budgets over the whole range
};

/// Reads the policy from the supernet's checkpoint and decodes it. Throws Error(bad_data) if the file holds none.
Decoded decode(const arch::SearchSpace& space, const std::vector<double>& budgets, const DifferentiableOptions& options,
               const std::filesystem::path& checkpoint, int samples, core::Rng rng);

}  // namespace nachos::search
