#pragma once

#include "cost/cost_tables.h"

#include <torch/torch.h>

#include <span>
#include <vector>

namespace nachos::search {

/// cost::CostTables in torch: executed MACs of every site's exit and of the final classifier as a differentiable function of
/// one-hot or mixed genes.
class CostModel {
  public:
    explicit CostModel(const cost::CostTables& tables);

    /// (stages) double; `choices` one vector a gene, derived ones behind. Multilinear in them, and at one-hot ones exactly
    /// CostTables::executed_macs.
    torch::Tensor executed_macs(std::span<const torch::Tensor> choices) const;

  private:
    struct Term {
        std::vector<int> genes;
        torch::Tensor macs;  ///< a dimension a gene
        int site;
        bool head;
    };
    std::vector<Term> terms_;
    int stages_;
};

/// Stick breaking (method 3) over the sites of a relaxed network: p_i = a_i c_i prod_{j<i} (1 - a_j c_j), where a_i says
/// whether the exit is placed. `gates` logits (N) a site, the last entry undefined; `offsets` (sites) are added to them;
/// `placed` scalars. Returns (N, sites + 1); rows sum to 1.
torch::Tensor placed_exit_probabilities(const std::vector<torch::Tensor>& gates, const torch::Tensor& offsets,
                                        const std::vector<torch::Tensor>& placed);

}  // namespace nachos::search
