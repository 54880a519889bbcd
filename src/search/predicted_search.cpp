#include "search/predicted_search.h"

#include <set>

namespace nachos::search {
namespace {

using optimize::Genes;
using optimize::Individual;

std::vector<Individual> judged(const PredictedSearch& search, std::vector<Genes> genes) {
    std::vector<Predictor::Asked> asked;
    for (const Genes& g : genes)
        asked.push_back({search.problem.space.decode(architecture_of(search.problem.space, g)),
                         search.with_budget ? static_cast<int>(g.back()) : 0});
    const std::vector<PredictedPoint> points = search.predictor.predict(asked);
    std::vector<Individual> individuals;
    for (std::size_t i = 0; i < points.size(); ++i)
        individuals.push_back(search.judge(std::move(genes[i]), points[i], search.problem));
    return individuals;
}

Genes repaired(const PredictedSearch& search, const Genes& genes) {
    const arch::Genome genome = search.proposals.repaired(architecture_of(search.problem.space, genes));
    return search.with_budget ? with_budget(genome, static_cast<int>(genes.back())) : Genes(genome.begin(), genome.end());
}

}  // namespace

optimize::Nsga2 search_predictions(const PredictedSearch& search, std::vector<Genes> seeds, core::Rng rng,
                                   std::vector<Individual>& asked) {
    const auto genes = search.with_budget ? genes_with_budget(search.problem) : genes_of(search.problem.space);
    optimize::Nsga2 nsga2(genes, search.nsga2, rng, [&](const Genes& g) { return repaired(search, g); });
    const auto tell = [&](std::vector<Genes> own) {
        std::vector<Individual> results = judged(search, std::move(own));
        asked.insert(asked.end(), results.begin(), results.end());
        nsga2.tell(std::move(results));
    };
    std::vector<Genes> first = nsga2.ask(search.nsga2.population);  // random, for nothing was told
    first.insert(first.end(), std::make_move_iterator(seeds.begin()), std::make_move_iterator(seeds.end()));
    tell(std::move(first));
    for (int generation = 1; generation < search.generations; ++generation) {
        std::vector<Genes> children = nsga2.ask(search.nsga2.population);
        if (children.empty()) break;
        tell(std::move(children));
    }
    return nsga2;
}

std::vector<arch::ArchSpec> unknown_architectures(const PredictedSearch& search, std::span<const Individual> individuals) {
    std::vector<arch::ArchSpec> specs;
    std::set<std::string> ids;
    for (const Individual& i : individuals) {
        arch::ArchSpec spec = search.problem.space.decode(architecture_of(search.problem.space, i.genes));
        if (!search.proposals.known(spec) && ids.insert(arch::arch_id(spec)).second) specs.push_back(std::move(spec));
    }
    return specs;
}

}  // namespace nachos::search
