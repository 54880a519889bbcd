#pragma once

#include "nn/gene_table.h"
#include "nn/weight_bank.h"

#include <string>
#include <vector>

namespace nachos::nn {

/// What of a block depends on which genes.
struct RelaxedBlock {
    std::string name;
    int stride = 1;
    GeneTable kernel;    ///< (k * k): which taps of the largest kernel there are
    GeneTable expanded;  ///< channels of the depthwise convolution
    GeneTable hidden;    ///< of squeeze and excitation
    GeneTable narrow;    ///< 1 where it does not expand
    GeneTable present;   ///< 1 where the stage is deep enough
    GeneTable same;      ///< 1 where it has as many channels out as in
};

struct RelaxedStage {
    std::vector<RelaxedBlock> blocks;
    GeneTable width;
    int channels = 0;  ///< the most
    arch::Activation activation = arch::Activation::relu;
    bool squeeze_excitation = false;
};

/// Genes of an exit, -1 where the space has none.
struct RelaxedExit {
    int placed = -1;
    int convs = -1;
    int pool = -1;
    GeneTable width;  ///< channels of its convolutions
};

/// Everything RelaxedNet needs to know of a space.
struct RelaxedParts {
    /// Sizes as in `bank`.
    RelaxedParts(const arch::SearchSpace& space, const WeightBank& bank);

    int stem_stride = -1;  ///< gene
    GeneTable stem_width;
    std::vector<RelaxedStage> stages;
    std::vector<RelaxedExit> exits;
};

}  // namespace nachos::nn
