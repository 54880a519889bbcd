#include "search/differentiable/decode.h"

#include "core/error.h"

#include <cmath>

namespace nachos::search {
namespace {

constexpr const char* kGenomes = "designs.genomes";
constexpr const char* kOffsets = "designs.gate_offsets";

}  // namespace

void save_designs(const std::vector<DecodedDesign>& designs, const arch::SearchSpace& space, core::TensorFile& file) {
    if (designs.empty()) return;
    std::vector<float> genomes, offsets;
    for (const DecodedDesign& design : designs) {
        for (const int gene : space.encode(design.arch)) genomes.push_back(static_cast<float>(gene));
        for (const double offset : design.gate_offsets) offsets.push_back(static_cast<float>(offset));
    }
    const auto count = static_cast<std::int64_t>(designs.size());
    file.add_f32(kGenomes, {count, static_cast<std::int64_t>(space.genes().size())}, genomes.data());
    file.add_f32(kOffsets, {count, space.sites()}, offsets.data());
}

std::vector<DecodedDesign> load_designs(const arch::SearchSpace& space, const std::vector<double>& budgets,
                                        const core::TensorFile& file, const std::string& where) {
    if (!file.tensors.contains(kGenomes)) return {};
    const auto count = static_cast<std::int64_t>(budgets.size());
    const std::size_t genes = space.genes().size(), sites = static_cast<std::size_t>(space.sites());
    const std::vector<float> genomes = file.floats(kGenomes, {count, static_cast<std::int64_t>(genes)}, where),
                             offsets = file.floats(kOffsets, {count, space.sites()}, where);
    std::vector<DecodedDesign> designs;
    for (std::size_t b = 0; b < budgets.size(); ++b) {
        arch::Genome genome;
        for (std::size_t g = 0; g < genes; ++g) {
            const float index = genomes[b * genes + g];
            genome.push_back(index >= 0 && index < 1000 ? static_cast<int>(index) : 0);  // repair does the rest
        }
        const float* own = offsets.data() + b * sites;
        designs.push_back({.budget_macs = budgets[b],
                           .arch = space.decode(space.repair(std::move(genome))),
                           .gate_offsets = std::vector<double>(own, own + sites)});
    }
    return designs;
}

Decoded decode(const arch::SearchSpace& space, const std::vector<double>& budgets, const DifferentiableOptions& options,
               const std::filesystem::path& checkpoint, int samples, core::Rng rng) {
    ArchPolicy policy(space, budgets.front(), budgets.back(), options, rng.stream("policy"));
    const core::TensorFile file = core::read_tensors(checkpoint);
    policy.load(file, checkpoint.string());
    Decoded decoded{.designs = load_designs(space, budgets, file, checkpoint.string()), .samples = {}};
    require(!decoded.designs.empty(), ErrorKind::bad_data, "{} holds no learnt designs", checkpoint.string());
    for (int i = 0; i < samples; ++i) {
        const double t = std::fmod((i + 0.5) * 0.6180339887498949, 1.0);  // spread evenly however many are drawn
        const double budget = policy.least() * std::pow(policy.most() / policy.least(), t);
        decoded.samples.push_back(space.decode(policy.sample_genome(budget, {.temperature = 1, .noise = 1}, rng)));
    }
    return decoded;
}

}  // namespace nachos::search
