#include "search/differentiable/choose.h"

#include "cost/cost.h"
#include "nn/network.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace nachos::search {
namespace {

using torch::Tensor;

constexpr int kSamples = 3;        // of the policy a budget, beside the most probable
constexpr double kMostShift = 12;  // of a gate logit: beyond it a probability is 0 or 1
constexpr int kHalvings = 24;
constexpr double kTolerance = 0.02;   // of the budget
constexpr std::int64_t kBatch = 128;  // images at a time: no more memory than a training step

/// A candidate and what its exits say of the images.
struct Candidate {
    arch::ArchSpec arch;
    std::vector<int> sites;             ///< where it has exits
    std::vector<double> executed_macs;  ///< an exit, the final one last
    std::vector<std::vector<float>> gates, losses;
};

void append(std::vector<float>& values, const Tensor& t) {
    const Tensor plain = t.to(torch::kCPU, torch::kFloat).contiguous();
    values.insert(values.end(), plain.data_ptr<float>(), plain.data_ptr<float>() + plain.numel());
}

void run_candidate(const ChoiceInput& input, Candidate& candidate) {
    torch::NoGradGuard no_grad;
    const arch::NetDesc net = input.space.build(candidate.arch);
    for (const std::int64_t macs : cost::costs_of(net).executed_macs)
        candidate.executed_macs.push_back(static_cast<double>(macs));
    candidate.losses.resize(candidate.executed_macs.size());
    candidate.gates.resize(candidate.sites.size());
    const auto each = torch::nn::functional::CrossEntropyFuncOptions().reduction(torch::kNone);
    for (std::int64_t first = 0; first < input.images.size(0); first += kBatch) {
        const std::int64_t count = std::min(kBatch, input.images.size(0) - first);
        const nn::Outputs outputs = nn::run(net, input.bank, input.images.narrow(0, first, count));
        const Tensor labels = input.labels.narrow(0, first, count);
        for (std::size_t i = 0; i < candidate.losses.size(); ++i)
            append(candidate.losses[i], torch::nn::functional::cross_entropy(outputs.logits[i], labels, each));
        for (std::size_t i = 0; i < candidate.gates.size(); ++i) append(candidate.gates[i], outputs.gates[i]);
    }
}

std::vector<Candidate> candidates_of(const ChoiceInput& input) {
    std::vector<arch::ArchSpec> specs;
    const auto add = [&](const arch::Genome& genome) {
        arch::ArchSpec spec = input.space.decode(genome);
        if (std::find(specs.begin(), specs.end(), spec) == specs.end()) specs.push_back(std::move(spec));
    };
    for (const double budget : input.budgets) add(input.policy.decode(budget));
    core::Rng rng = input.rng;
    for (const double budget : input.budgets)
        for (int i = 0; i < kSamples; ++i) add(input.policy.sample_genome(budget, {.temperature = 1, .noise = 1}, rng));
    std::vector<Candidate> candidates;
    for (arch::ArchSpec& spec : specs) {
        Candidate candidate{.arch = std::move(spec), .sites = {}, .executed_macs = {}, .gates = {}, .losses = {}};
        for (std::size_t s = 0; s < candidate.arch.exits.size(); ++s)
            if (candidate.arch.exits[s].placed) candidate.sites.push_back(static_cast<int>(s));
        candidates.push_back(std::move(candidate));
    }
    return candidates;
}

struct Expected {
    double macs = 0;
    double loss = 0;
};

/// Means over the images with the exit probabilities that the shifted gates give.
Expected expected(const Candidate& c, const std::vector<double>& offsets, double shift) {
    Expected sum;
    const std::size_t images = c.losses.front().size();
    for (std::size_t n = 0; n < images; ++n) {
        double stay = 1;
        for (std::size_t i = 0; i < c.gates.size(); ++i) {
            const double offset = offsets[static_cast<std::size_t>(c.sites[i])] + shift;
            const double leave = 1 / (1 + std::exp(-(static_cast<double>(c.gates[i][n]) + offset)));
            sum.macs += stay * leave * c.executed_macs[i];
            sum.loss += stay * leave * static_cast<double>(c.losses[i][n]);
            stay *= 1 - leave;
        }
        sum.macs += stay * c.executed_macs.back();
        sum.loss += stay * static_cast<double>(c.losses.back()[n]);
    }
    return {sum.macs / static_cast<double>(images), sum.loss / static_cast<double>(images)};
}

/// The shift at which the budget is spent, or the nearest to it.
double shift_to(const Candidate& c, const std::vector<double>& offsets, double budget) {
    double low = -kMostShift, high = kMostShift;  // the more is added, the earlier samples leave
    for (int i = 0; i < kHalvings; ++i) {
        const double middle = (low + high) / 2;
        (expected(c, offsets, middle).macs > budget ? low : high) = middle;
    }
    return high;
}

DecodedDesign choose(const std::vector<Candidate>& candidates, double budget, const std::vector<double>& offsets) {
    DecodedDesign best{.budget_macs = budget, .arch = {}, .gate_offsets = {}};
    double least_excess = std::numeric_limits<double>::infinity(), least_loss = least_excess;
    for (const Candidate& c : candidates) {
        const double shift = shift_to(c, offsets, budget);
        const Expected e = expected(c, offsets, shift);
        const double excess = std::max(0.0, e.macs / budget - 1 - kTolerance);
        if (excess > least_excess || (excess == least_excess && e.loss >= least_loss)) continue;
        least_excess = excess;
        least_loss = e.loss;
        best.arch = c.arch;
        best.gate_offsets = offsets;
        for (double& offset : best.gate_offsets) offset += shift;
    }
    return best;
}

}  // namespace

std::vector<DecodedDesign> choose_designs(const ChoiceInput& input, train::Shards& shards) {
    std::vector<Candidate> candidates = candidates_of(input);
    shards.pool.run([&](int s) {
        for (auto c = static_cast<std::size_t>(s); c < candidates.size(); c += static_cast<std::size_t>(shards.count))
            run_candidate(input, candidates[c]);
    });
    std::vector<DecodedDesign> designs(input.budgets.size());
    shards.pool.run([&](int s) {
        for (auto b = static_cast<std::size_t>(s); b < designs.size(); b += static_cast<std::size_t>(shards.count))
            designs[b] = choose(candidates, input.budgets[b], input.policy.gate_offsets(input.budgets[b]));
    });
    return designs;
}

}  // namespace nachos::search
