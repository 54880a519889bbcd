#include "search/differentiable/arch_policy.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace nachos::search {
namespace {

using torch::Tensor;

constexpr int kHats = 9;
constexpr double kMostOffset = 3;  // of a gate logit: beyond it a gate has next to no gradient to come back by

arch::Layer linear(const std::string& name, int in, int out) {
    arch::Layer layer;
    layer.name = name;
    layer.kind = arch::LayerKind::linear;
    layer.in = {in, 1, 1};
    layer.out = {out, 1, 1};
    layer.bias = true;
    return layer;
}

std::vector<std::int64_t> output_sizes(const arch::SearchSpace& space) {
    std::vector<std::int64_t> sizes;
    for (const arch::Gene& gene : space.genes()) sizes.push_back(static_cast<std::int64_t>(gene.choices.size()));
    sizes.push_back(space.sites());
    return sizes;
}

std::vector<arch::Layer> policy_layers(const arch::SearchSpace& space, int hidden) {
    const auto sizes = output_sizes(space);
    const auto outputs = std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0});
    return {linear("hidden", kHats, hidden), linear("outputs", hidden, static_cast<int>(outputs))};
}

/// Piecewise linear functions over [0, 1] that sum to 1.
Tensor hats(double t) {
    const double at = std::clamp(t, 0.0, 1.0) * (kHats - 1);
    std::vector<float> values(kHats, 0);
    for (int i = 0; i < kHats; ++i)
        values[static_cast<std::size_t>(i)] = static_cast<float>(std::max(0.0, 1 - std::abs(at - i)));
    return torch::tensor(values);
}

Tensor gumbel_noise(std::int64_t size, core::Rng& rng) {
    std::vector<float> values;
    for (std::int64_t i = 0; i < size; ++i)
        values.push_back(static_cast<float>(-std::log(-std::log(1 - rng.uniform()) + 1e-300)));
    return torch::tensor(values);
}

Tensor bounded(const Tensor& offsets) { return kMostOffset * torch::tanh(offsets / kMostOffset); }

Tensor one_hot(std::int64_t size, std::int64_t at) {
    Tensor t = torch::zeros({size});
    t.data_ptr<float>()[at] = 1;
    return t;
}

}  // namespace

ArchPolicy::ArchPolicy(const arch::SearchSpace& space, double least, double most, const DifferentiableOptions& options,
                       const core::Rng& rng)
    : space_(space),
      least_(least),
      most_(most),
      conditioned_(options.conditioned),
      sizes_(output_sizes(space)),
      bank_(policy_layers(space, options.hidden), rng) {}

Tensor ArchPolicy::outputs(const nn::WeightBank& weights, double budget) const {
    const double t = conditioned_ ? std::log(budget / least_) / std::log(most_ / least_) : 1;
    const nn::LayerWeights &hidden = weights.layers().at("hidden"), &out = weights.layers().at("outputs");
    return torch::linear(torch::tanh(torch::linear(hats(t), hidden.weight, hidden.bias)), out.weight, out.bias);
}

ArchPolicy::Sample ArchPolicy::sample(const nn::WeightBank& weights, double budget, const Gumbel& gumbel,
                                      core::Rng& rng) const {
    Sample sample;
    const auto parts = outputs(weights, budget).split_with_sizes(sizes_);
    arch::Genome genome;
    for (std::size_t g = 0; g + 1 < parts.size(); ++g) {
        Tensor z = parts[g];
        if (gumbel.noise > 0) z = z + gumbel_noise(z.size(0), rng) * gumbel.noise;
        const Tensor soft = torch::softmax(z / gumbel.temperature, 0);
        const auto chosen = z.argmax().item<std::int64_t>();
        genome.push_back(static_cast<int>(chosen));
        // The difference is taken first: a one-hot entry is 0 or 1 to the bit.
        sample.choices.push_back(one_hot(z.size(0), chosen) + (soft - soft.detach()));
    }
    sample.gate_offsets = bounded(parts.back());
    sample.genome = space_.repair(std::move(genome));
    const auto derived = cost::derived_choices(space_, space_.decode(sample.genome));
    for (std::size_t s = 0; s < derived.size(); ++s) {
        const auto poolings = static_cast<std::int64_t>(space_.published_poolings(static_cast<int>(s) + 1).size());
        sample.choices.push_back(one_hot(poolings, derived[s]));
    }
    return sample;
}

arch::Genome ArchPolicy::sample_genome(double budget, const Gumbel& gumbel, core::Rng& rng) const {
    torch::NoGradGuard no_grad;
    const auto parts = outputs(bank_, budget).split_with_sizes(sizes_);
    arch::Genome genome;
    for (std::size_t g = 0; g + 1 < parts.size(); ++g) {
        const Tensor z = gumbel.noise > 0 ? parts[g] + gumbel_noise(parts[g].size(0), rng) * gumbel.noise : parts[g];
        genome.push_back(static_cast<int>(z.argmax().item<std::int64_t>()));
    }
    return space_.repair(std::move(genome));
}

arch::Genome ArchPolicy::decode(double budget) const {
    core::Rng unused(0);
    return sample_genome(budget, {.temperature = 1, .noise = 0}, unused);
}

std::vector<double> ArchPolicy::gate_offsets(double budget) const {
    torch::NoGradGuard no_grad;
    const Tensor offsets = bounded(outputs(bank_, budget).split_with_sizes(sizes_).back());
    std::vector<double> values;
    for (std::int64_t i = 0; i < offsets.size(0); ++i) values.push_back(offsets[i].item<float>());
    return values;
}

Tensor ArchPolicy::entropy(const nn::WeightBank& weights, double budget) const {
    const auto parts = outputs(weights, budget).split_with_sizes(sizes_);
    Tensor sum = torch::zeros({});
    int genes = 0;
    for (std::size_t g = 0; g + 1 < parts.size(); ++g) {
        if (parts[g].size(0) == 1) continue;
        const Tensor log_p = torch::log_softmax(parts[g], 0);
        sum = sum - (log_p.exp() * log_p).sum() / std::log(static_cast<double>(parts[g].size(0)));
        ++genes;
    }
    return sum / std::max(genes, 1);
}

double ArchPolicy::entropy(double budget) const {
    torch::NoGradGuard no_grad;
    return entropy(bank_, budget).item<double>();
}

}  // namespace nachos::search
