#pragma once

#include "arch/search_space.h"
#include "cost/cost_tables.h"
#include "nn/weight_bank.h"
#include "search/differentiable/options.h"

#include <vector>

namespace nachos::search {

/// How much chance there is in a sample: logits + noise * Gumbel, softmax at `temperature`.
struct Gumbel {
    double temperature = 1;
    double noise = 1;  ///< 1 = samples of the softmax itself, 0 = the most probable choice
};

/// A distribution over the architectures of a space for every budget (method 7): one categorical a gene, whose logits a
/// small network gives from the logarithm of the budget (nine hat functions over the range, a hidden layer, tanh). The same
/// network gives an offset for each site's gate logit: how readily samples leave there at that budget. On the CPU whatever
/// the device.
class ArchPolicy {
  public:
    /// Budgets from `least` to `most` MACs, least < most. The space must outlive it.
    ArchPolicy(const arch::SearchSpace& space, double least, double most, const DifferentiableOptions& options,
               const core::Rng& rng);

    struct Sample {
        std::vector<torch::Tensor> choices;  ///< one-hot, one a gene, derived genes behind (cost::CostTables)
        torch::Tensor gate_offsets;          ///< (sites)
        arch::Genome genome;                 ///< canonical
    };

    /// Straight-through Gumbel-softmax (Jang, Gu and Poole 2017, arXiv 1611.01144): one-hot, with the softmax's gradient.
    /// `weights` is the policy's bank or a replica.
    Sample sample(const nn::WeightBank& weights, double budget, const Gumbel& gumbel, core::Rng& rng) const;

    /// The same without gradient: an architecture alone.
    arch::Genome sample_genome(double budget, const Gumbel& gumbel, core::Rng& rng) const;
    /// The most probable choice of each gene.
    arch::Genome decode(double budget) const;
    std::vector<double> gate_offsets(double budget) const;
    /// Mean over the genes with a choice of the entropy of their distributions, relative to that of the uniform one.
    double entropy(double budget) const;
    /// The same with a gradient into `weights`.
    torch::Tensor entropy(const nn::WeightBank& weights, double budget) const;

    /// Its weights in a checkpoint.
    void save(core::TensorFile& file) const { bank_.save(file, "policy."); }
    void load(const core::TensorFile& file, const std::string& where) { bank_.load(file, "policy.", where); }

    nn::WeightBank& bank() { return bank_; }
    const nn::WeightBank& bank() const { return bank_; }
    double least() const { return least_; }
    double most() const { return most_; }

  private:
    /// (all choices of all genes, then sites).
    torch::Tensor outputs(const nn::WeightBank& weights, double budget) const;

    const arch::SearchSpace& space_;
    double least_, most_;
    bool conditioned_;
    std::vector<std::int64_t> sizes_;  ///< choices of each gene, then sites
    nn::WeightBank bank_;
};

}  // namespace nachos::search
