#include "optimize/problems.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace nachos::optimize {
namespace {

/// 1 + 9 * mean of all genes but the first.
double zdt_distance(const Genes& x) {
    return 1 + 9 * std::accumulate(x.begin() + 1, x.end(), 0.0) / static_cast<double>(x.size() - 1);
}

Individual zdt1(const Genes& x) {
    const double g = zdt_distance(x);
    return {x, {x[0], g * (1 - std::sqrt(x[0] / g))}};
}

Individual zdt2(const Genes& x) {
    const double g = zdt_distance(x);
    return {x, {x[0], g * (1 - (x[0] / g) * (x[0] / g))}};
}

Individual zdt3(const Genes& x) {
    const double g = zdt_distance(x);
    const double ratio = x[0] / g;
    return {x, {x[0], g * (1 - std::sqrt(ratio) - ratio * std::sin(10 * std::numbers::pi * x[0]))}};
}

Individual dtlz2(const Genes& x) {
    double g = 0;
    for (std::size_t i = 1; i < x.size(); ++i) g += (x[i] - 0.5) * (x[i] - 0.5);
    const double angle = x[0] * std::numbers::pi / 2;
    return {x, {(1 + g) * std::cos(angle), (1 + g) * std::sin(angle)}};
}

/// Two objectives that pull apart: the first falls with every gene but one, the second grows with them unevenly.
Individual trade_off(const Genes& g) {
    const double sum = g[0] + g[1] + g[2] + g[3];
    const double price = 2 * g[0] + 3 * g[1] + g[2] * g[2] + 0.5 * g[3] + 4 * g[4];
    return {g, {30 - sum - 0.25 * g[2], price}};
}

/// The same, where the genes must add up to at least 6 and the categorical last gene pays back what is odd.
Individual constrained_trade_off(const Genes& g) {
    Individual i = trade_off(g);
    i.objectives[1] += std::abs(std::fmod(g[0] + g[4], 2));
    i.violation = std::max(0.0, 6 - std::accumulate(g.begin(), g.end(), 0.0));
    return i;
}

std::vector<Gene> integers(const std::vector<int>& values) {
    std::vector<Gene> genes;
    for (const int v : values) genes.push_back(integer_gene(0, v - 1));
    return genes;
}

}  // namespace

std::vector<KnownProblem> continuous_problems() {
    const std::vector<Gene> zdt(30, real_gene(0, 1));
    const Objectives reference{1.1, 1.1};
    return {{"zdt1", "convex front", zdt, zdt1, reference},
            {"zdt2", "concave front", zdt, zdt2, reference},
            {"zdt3", "front in five pieces", zdt, zdt3, reference},
            {"dtlz2", "quarter of a circle", std::vector<Gene>(11, real_gene(0, 1)), dtlz2, reference}};
}

std::vector<KnownProblem> enumerable_problems() {
    std::vector<Gene> mixed = integers({6, 4, 6, 5});
    mixed.push_back(categorical_gene(4));
    return {{"integer", "five integer genes, 2,880 values", integers({6, 4, 6, 5, 4}), trade_off, {31, 61}},
            {"constrained", "integer and categorical genes under a constraint", mixed, constrained_trade_off, {31, 61}}};
}

std::vector<Objectives> distinct_objectives(const std::vector<Individual>& individuals) {
    std::vector<Objectives> all;
    for (const Individual& i : individuals) all.push_back(i.objectives);
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

std::vector<Objectives> enumerated_front(const KnownProblem& problem) {
    std::vector<Individual> feasible;
    std::vector<Objectives> points;
    Genes genes;
    for (const Gene& gene : problem.genes) genes.push_back(gene.low);
    for (std::size_t k = 0; k < genes.size();) {
        Individual own = problem.evaluate(genes);
        if (own.violation <= 0) {
            points.push_back(own.objectives);
            feasible.push_back(std::move(own));
        }
        for (k = 0; k < genes.size() && genes[k] == problem.genes[k].high; ++k) genes[k] = problem.genes[k].low;
        if (k < genes.size()) ++genes[k];
    }
    std::vector<Individual> front;
    for (const int i : front_2d(points)) front.push_back(feasible[static_cast<std::size_t>(i)]);
    return distinct_objectives(front);
}

Nsga2 solve(const KnownProblem& problem, const Nsga2Options& options, int generations, core::Rng rng) {
    Nsga2 nsga2(problem.genes, options, rng);
    for (int generation = 0; generation < generations; ++generation) {
        std::vector<Individual> results;
        for (const Genes& genes : nsga2.ask(options.population)) results.push_back(problem.evaluate(genes));
        nsga2.tell(std::move(results));
    }
    return nsga2;
}

}  // namespace nachos::optimize
