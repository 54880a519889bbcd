#pragma once

#include "arch/search_space.h"

#include <torch/torch.h>

#include <functional>
#include <span>
#include <vector>

namespace nachos::nn {

/// Rows that depend on a few genes, multilinear in their one-hot vectors.
class GeneTable {
  public:
    GeneTable() = default;

    /// `row_values` gives the rows (equally many) for the genes' values. Genes of -1 have the value 0.
    GeneTable(const arch::SearchSpace& space, std::vector<int> genes,
              const std::function<std::vector<float>(std::span<const int> values)>& row_values);

    /// (rows), differentiable in the choices, one vector a gene of the space.
    torch::Tensor at(std::span<const torch::Tensor> choices) const;

    /// The same whatever is chosen.
    bool constant() const { return genes_.empty(); }
    /// Every entry is this value.
    bool always(float value) const;

  private:
    std::vector<int> genes_;  ///< with more than one choice
    torch::Tensor table_;     ///< (rows, joint choices), the last gene's running fastest
};

/// 1 for the leading `size(values)` of `channels`, else 0.
GeneTable leading_channels(const arch::SearchSpace& space, std::vector<int> genes, int channels,
                           const std::function<int(std::span<const int>)>& size);

/// One number.
GeneTable gene_factor(const arch::SearchSpace& space, std::vector<int> genes,
                      const std::function<bool(std::span<const int>)>& holds);

}  // namespace nachos::nn
