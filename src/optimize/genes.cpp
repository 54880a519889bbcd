#include "optimize/genes.h"

#include "core/error.h"

#include <algorithm>
#include <cmath>

namespace nachos::optimize {
namespace {

constexpr double kSame = 1e-14;  // parents this near pass for equal

/// Values of a gene that is no real one.
int values_of(const Gene& gene) { return static_cast<int>(gene.high - gene.low) + 1; }

double any_other(const Gene& gene, double value, core::Rng& rng) {
    const double other = gene.low + rng.between(0, values_of(gene) - 2);
    return other < value ? other : other + 1;
}

double neighbour(const Gene& gene, double value, core::Rng& rng) {
    if (value <= gene.low) return value + 1;
    if (value >= gene.high) return value - 1;
    return rng.chance(0.5) ? value + 1 : value - 1;
}

double polynomial(const Gene& gene, double value, double spread, core::Rng& rng) {
    const double range = gene.high - gene.low;
    const double u = rng.uniform();
    const double power = 1 / (spread + 1);
    double step = 0;
    if (u < 0.5) {
        const double room = 1 - (value - gene.low) / range;
        step = std::pow(2 * u + (1 - 2 * u) * std::pow(room, spread + 1), power) - 1;
    } else {
        const double room = 1 - (gene.high - value) / range;
        step = 1 - std::pow(2 * (1 - u) + (2 * u - 1) * std::pow(room, spread + 1), power);
    }
    return std::clamp(value + step * range, gene.low, gene.high);
}

/// One child of SBX on one gene; both parents are in range and apart.
double simulated_binary(const Gene& gene, double a, double b, double spread, core::Rng& rng) {
    const double low = std::min(a, b);
    const double high = std::max(a, b);
    const bool lower_child = rng.chance(0.5);
    const double room = lower_child ? low - gene.low : gene.high - high;
    const double beta = 1 + 2 * room / (high - low);
    const bool bounded = std::ilogb(beta) * (spread + 1) < 60;  // else the power is below 2 - alpha's last bit
    const double alpha = bounded ? 2 - std::pow(beta, -(spread + 1)) : 2;
    const double u = rng.uniform();
    const double base = u * alpha <= 1 ? u * alpha : 1 / (2 - u * alpha);
    const double reach = std::pow(base, 1 / (spread + 1)) * (high - low);
    const double value = 0.5 * (low + high + (lower_child ? -reach : reach));
    return std::clamp(gene.kind == GeneKind::real ? value : std::round(value), gene.low, gene.high);
}

}  // namespace

Gene categorical_gene(int values) { return {GeneKind::categorical, 0, values - 1.0}; }
Gene integer_gene(int low, int high) { return {GeneKind::integer, static_cast<double>(low), static_cast<double>(high)}; }
Gene real_gene(double low, double high) { return {GeneKind::real, low, high}; }

Genes random_genes(const std::vector<Gene>& genes, core::Rng& rng) {
    Genes values;
    values.reserve(genes.size());
    for (const Gene& gene : genes)
        values.push_back(gene.low + (gene.kind == GeneKind::real ? rng.uniform() * (gene.high - gene.low)
                                                                 : rng.between(0, values_of(gene) - 1)));
    return values;
}

Variation::Variation(std::vector<Gene> genes, VariationOptions options) : genes_(std::move(genes)), options_(options) {
    const bool whole = std::all_of(genes_.begin(), genes_.end(), [](const Gene& g) { return g.low <= g.high; });
    require(!genes_.empty() && whole, ErrorKind::usage, "every gene needs at least one value, and there must be a gene");
    for (const double rate : {options_.crossover_rate, options_.mutation_rate})
        require(rate >= 0 && rate <= 1, ErrorKind::usage, "a rate of crossover or mutation is {}, allowed are 0 to 1", rate);
    if (options_.mutation_rate == 0) options_.mutation_rate = 1.0 / static_cast<double>(genes_.size());
}

Genes Variation::child(const Genes& mother, const Genes& father, core::Rng& rng) const {
    Genes genes = mother;
    if (rng.chance(options_.crossover_rate)) cross(genes, father, rng);
    mutate(genes, rng);
    return genes;
}

void Variation::cross(Genes& genes, const Genes& other, core::Rng& rng) const {
    switch (options_.crossover) {
        case Crossover::two_point:
            return cross_two_point(genes, other, rng);
        case Crossover::uniform:
            return cross_uniform(genes, other, rng);
        case Crossover::simulated_binary:
            return cross_simulated_binary(genes, other, rng);
    }
}

void Variation::cross_two_point(Genes& genes, const Genes& other, core::Rng& rng) const {
    auto from = static_cast<std::ptrdiff_t>(rng.below(genes.size() + 1));
    auto to = static_cast<std::ptrdiff_t>(rng.below(genes.size() + 1));
    if (from > to) std::swap(from, to);
    std::copy(other.begin() + from, other.begin() + to, genes.begin() + from);
}

void Variation::cross_uniform(Genes& genes, const Genes& other, core::Rng& rng) const {
    for (std::size_t g = 0; g < genes.size(); ++g)
        if (rng.chance(0.5)) genes[g] = other[g];
}

void Variation::cross_simulated_binary(Genes& genes, const Genes& other, core::Rng& rng) const {
    for (std::size_t g = 0; g < genes.size(); ++g) {
        if (!rng.chance(0.5) || std::abs(genes[g] - other[g]) <= kSame) continue;
        genes[g] = genes_[g].kind == GeneKind::categorical
                       ? other[g]
                       : simulated_binary(genes_[g], genes[g], other[g], options_.crossover_spread, rng);
    }
}

void Variation::mutate(Genes& genes, core::Rng& rng) const {
    for (std::size_t g = 0; g < genes.size(); ++g) {
        const Gene& gene = genes_[g];
        if (gene.low == gene.high || !rng.chance(options_.mutation_rate)) continue;
        if (gene.kind == GeneKind::real)
            genes[g] = polynomial(gene, genes[g], options_.mutation_spread, rng);
        else if (gene.kind == GeneKind::integer && rng.chance(0.5))
            genes[g] = neighbour(gene, genes[g], rng);
        else
            genes[g] = any_other(gene, genes[g], rng);
    }
}

}  // namespace nachos::optimize
