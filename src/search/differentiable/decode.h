#pragma once

#include "core/safetensors.h"
#include "search/differentiable/arch_policy.h"

#include <filesystem>
#include <string>
#include <vector>

namespace nachos::search {

/// The design of one budget of the grid.
struct DecodedDesign {
    double budget_macs = 0;
    arch::ArchSpec arch;
    std::vector<double>
        gate_offsets;  ///< one a site; added to gate logits they say how readily samples leave at that budget
};

struct Decoded {
    std::vector<DecodedDesign> designs;   ///< one a budget, ascending
    std::vector<arch::ArchSpec> samples;  ///< of the policy at budgets over the whole range
};

/// Designs as tensors of the supernet's checkpoint: genomes and gate offsets. Loading gives none where none were saved;
/// throws Error(bad_data) naming `where` if they are not of this space and these budgets.
void save_designs(const std::vector<DecodedDesign>& designs, const arch::SearchSpace& space, core::TensorFile& file);
std::vector<DecodedDesign> load_designs(const arch::SearchSpace& space, const std::vector<double>& budgets,
                                        const core::TensorFile& file, const std::string& where);

/// Reads policy and designs from a finished supernet's checkpoint and samples the policy. Throws Error(bad_data) if the file
/// holds none.
Decoded decode(const arch::SearchSpace& space, const std::vector<double>& budgets, const DifferentiableOptions& options,
               const std::filesystem::path& checkpoint, int samples, core::Rng rng);

}  // namespace nachos::search
