#pragma once

#include "arch/search_space.h"

#include <string>
#include <vector>

namespace nachos::cost {

/// One part of the networks of a space - stem, a block, an exit's head, the final classifier - and the genes that decide
/// what its layers are.
struct SpacePart {
    std::vector<std::string> prefixes;  ///< of its layers' names
    std::vector<int> genes;             ///< indices into SearchSpace::genes(), of those with a choice
    int site = 0;                       ///< stage (from 1) it belongs to, or whose exit it is; the stem belongs to stage 1
    bool head = false;                  ///< of the exit there (of the last stage: of the final classifier)

    bool owns(const arch::Layer& layer) const;
};

/// All parts, but for exits of the published style: what those are depends on all genes at once.
std::vector<SpacePart> space_parts(const arch::SearchSpace& space);

/// Calls f(choice) for every joint choice of genes with so many choices, the last running fastest; `choice` holds one index
/// a gene.
template <class F>
void for_each_choice(const std::vector<int>& sizes, F&& f) {
    std::vector<int> choice(sizes.size(), 0);
    for (;;) {
        f(choice);
        std::size_t g = sizes.size();
        while (g > 0 && ++choice[g - 1] == sizes[g - 1]) choice[--g] = 0;
        if (g == 0) return;
    }
}

/// Calls f(genome) for every joint choice of the part's genes, all other genes 0.
template <class F>
void for_each_genome(const arch::SearchSpace& space, const SpacePart& part, F&& f) {
    std::vector<int> sizes;
    for (const int g : part.genes)
        sizes.push_back(static_cast<int>(space.genes()[static_cast<std::size_t>(g)].choices.size()));
    arch::Genome genome(space.genes().size(), 0);
    for_each_choice(sizes, [&](const std::vector<int>& choice) {
        for (std::size_t i = 0; i < choice.size(); ++i) genome[static_cast<std::size_t>(part.genes[i])] = choice[i];
        f(genome);
    });
}

}  // namespace nachos::cost
