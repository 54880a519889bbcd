#include "search/genes.h"

namespace nachos::search {

std::vector<optimize::Gene> genes_of(const arch::SearchSpace& space) {
    std::vector<optimize::Gene> genes;
    for (const arch::Gene& gene : space.genes())
        genes.push_back(optimize::categorical_gene(static_cast<int>(gene.choices.size())));
    return genes;
}

std::vector<optimize::Gene> genes_with_budget(const SearchProblem& problem) {
    std::vector<optimize::Gene> genes = genes_of(problem.space);
    genes.push_back(optimize::integer_gene(0, static_cast<int>(problem.budgets.size()) - 1));
    return genes;
}

arch::Genome architecture_of(const arch::SearchSpace& space, const optimize::Genes& genes) {
    arch::Genome genome;
    for (std::size_t g = 0; g < space.genes().size(); ++g) genome.push_back(static_cast<int>(genes[g]));
    return genome;
}

optimize::Genes with_budget(const arch::Genome& genome, int budget_index) {
    optimize::Genes genes(genome.begin(), genome.end());
    genes.push_back(budget_index);
    return genes;
}

}  // namespace nachos::search
