#include "search/differentiable/decode.h"

#include "core/safetensors.h"

#include <cmath>

namespace nachos::search {

Decoded decode(const arch::SearchSpace& space, const std::vector<double>& budgets, const DifferentiableOptions& options,
               const std::filesystem::path& checkpoint, int samples, core::Rng rng) {
    ArchPolicy policy(space, budgets.front(), budgets.back(), options, rng.stream("policy"));
    policy.load(core::read_tensors(checkpoint), checkpoint.string());
    Decoded decoded;
    for (const double budget : budgets)
        decoded.designs.push_back({.budget_macs = budget,
                                   .arch = space.decode(policy.decode(budget)),
                                   .gate_offsets = policy.gate_offsets(budget)});
    for (int i = 0; i < samples; ++i) {
        const double t = std::fmod((i + 0.5) * 0.6180339887498949, 1.0);  // spread evenly however many are drawn
        const double budget = policy.least() * std::pow(policy.most() / policy.least(), t);
        decoded.samples.push_back(space.decode(policy.sample_genome(budget, {.temperature = 1, .noise = 1}, rng)));
    }
    return decoded;
}

}  // namespace nachos::search
