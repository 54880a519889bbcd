#pragma once

#include "arch/search_space.h"
#include "nn/network.h"

#include <memory>
#include <span>
#include <vector>

namespace nachos::nn {

/// All networks of a space at once, differentiable in the choice between them: the largest one, with masks where a smaller
/// network has less (after Stamoulis et al. 2019, arXiv 1904.02877, and Wan et al. 2020, arXiv 2004.05565; ours differs in
/// that masks sit where they cost no pass over a map: in the columns of the next convolution's weights and in the batch
/// norm's scale and shift). Runs on a supernet's weights, which it reads and gives no gradient. At one-hot choices outputs
/// are those of nn::run on the network chosen. Safe to run from several threads at once.
class RelaxedNet {
  public:
    /// Both must outlive it; the weights may be trained meanwhile. `space` as of the bank.
    RelaxedNet(const arch::SearchSpace& space, const WeightBank& bank);
    ~RelaxedNet();
    RelaxedNet(const RelaxedNet&) = delete;
    RelaxedNet& operator=(const RelaxedNet&) = delete;

    /// `x` (N, C, H, W) float, channels-last for speed. `choices`: one float vector a gene, one-hot or a mixture, the
    /// derived genes of cost::CostTables behind (those are read as one-hot). Outputs of *every* site, then of the final
    /// classifier. What has a weight of 0 (another stem stride, another exit design, an exit not placed) is computed without
    /// gradient of its own, as its gradient is 0; its value still counts towards that of the choice.
    Outputs run(const torch::Tensor& x, std::span<const torch::Tensor> choices) const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace nachos::nn
