#pragma once

#include "search/engine.h"

namespace nachos::search {

/// What of an architecture the surrogates see.
struct EncodingOptions {
    bool one_hot = false;  ///< a column a value of each gene, beside the value itself
    bool costs = true;     ///< exact costs, as logarithms
};

/// An architecture as a row of numbers, all architectures of a space as rows of one length: per stage its depth and width,
/// per block its kernel and expansion (0 = absent), per site its exit (placed, convolutions, width, pooling), the stem; and
/// per stage the sums of kernels and expansions. With `costs` also logarithms of what needs no data: MACs of the backbone up
/// to each site, what a sample has paid behind each site, parameters, memory. The last tell models what interactions of
/// genes would have to be learnt.
class Encoding {
  public:
    using Costs = std::function<study::ArchCosts(const arch::ArchSpec&)>;
    /// `space` must outlive the encoding.
    Encoding(const arch::SearchSpace& space, Costs costs, EncodingOptions options = {});

    std::vector<double> operator()(const arch::ArchSpec& spec) const;

  private:
    void add_genes(const arch::ArchSpec& spec, std::vector<double>& row) const;
    void add_one_hot(const arch::ArchSpec& spec, std::vector<double>& row) const;
    void add_costs(const arch::ArchSpec& spec, std::vector<double>& row) const;

    const arch::SearchSpace& space_;
    Costs costs_;
    EncodingOptions options_;
};

}  // namespace nachos::search
