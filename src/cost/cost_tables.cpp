#include "cost/cost_tables.h"

#include "cost/space_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <string>

namespace nachos::cost {
namespace {

using Kind = arch::GeneRef::Kind;

std::int64_t macs_of(const arch::NetDesc& net) {
    std::int64_t macs = 0;
    for (const arch::Layer& layer : net.layers) macs += layer.macs();
    return macs;
}

std::int64_t macs_of(const arch::NetDesc& net, const SpacePart& part) {
    std::int64_t macs = 0;
    for (const arch::Layer& layer : net.layers) macs += part.owns(layer) ? layer.macs() : 0;
    return macs;
}

CostTerm term_of(const arch::SearchSpace& space, const SpacePart& part) {
    CostTerm term{.genes = part.genes, .macs = {}, .site = part.site, .head = part.head};
    for_each_genome(space, part, [&](const arch::Genome& genome) {
        term.macs.push_back(macs_of(space.build(space.decode(genome)), part));
    });
    return term;
}

/// Whether the site's exit is placed, and its pooling as a derived gene.
void add_published_exit(const arch::SearchSpace& space, int s, CostTables& tables) {
    const std::vector<int> poolings = space.published_poolings(s + 1);
    CostTerm term{.genes = {space.gene_index({Kind::exit_placed, s, 0}), static_cast<int>(tables.choices.size())},
                  .macs = std::vector<std::int64_t>(poolings.size(), 0),  // not placed
                  .site = s + 1,
                  .head = true};
    for (const int pooling : poolings) term.macs.push_back(macs_of(space.published_exit(s + 1, pooling)));
    tables.choices.push_back(static_cast<int>(poolings.size()));
    tables.terms.push_back(std::move(term));
}

}  // namespace

std::vector<std::int64_t> CostTables::executed_macs(const std::vector<int>& choice) const {
    assert(choice.size() == choices.size());
    std::vector<std::int64_t> backbone(static_cast<std::size_t>(stages), 0), executed(backbone);
    for (const CostTerm& term : terms) {
        std::size_t at = 0;
        for (const int g : term.genes) {
            const auto gene = static_cast<std::size_t>(g);
            at = at * static_cast<std::size_t>(choices[gene]) + static_cast<std::size_t>(choice[gene]);
        }
        (term.head ? executed : backbone)[static_cast<std::size_t>(term.site) - 1] += term.macs[at];
    }
    std::int64_t before = 0, heads = 0;
    for (std::size_t s = 0; s < backbone.size(); ++s) {
        before += backbone[s];
        heads += executed[s];
        executed[s] = before + heads;
    }
    return executed;
}

CostTables cost_tables(const arch::SearchSpace& space) {
    CostTables tables;
    tables.stages = space.stages();
    for (const arch::Gene& gene : space.genes()) tables.choices.push_back(static_cast<int>(gene.choices.size()));
    for (const SpacePart& part : space_parts(space)) tables.terms.push_back(term_of(space, part));
    if (space.data().exit_style == arch::ExitStyle::published)
        for (int s = 0; s < space.sites(); ++s) add_published_exit(space, s, tables);
    return tables;
}

std::vector<int> derived_choices(const arch::SearchSpace& space, const arch::ArchSpec& spec) {
    std::vector<int> choices;
    if (space.data().exit_style != arch::ExitStyle::published) return choices;
    choices.assign(static_cast<std::size_t>(space.sites()), 0);
    for (const arch::Layer& layer : space.build(spec).layers) {
        if (layer.kind != arch::LayerKind::max_pool) continue;
        for (int site = 1; site <= space.sites(); ++site) {
            if (layer.name != fmt::format("exit{}.pool", site)) continue;
            const auto poolings = space.published_poolings(site);
            choices[static_cast<std::size_t>(site) - 1] =
                static_cast<int>(std::find(poolings.begin(), poolings.end(), layer.kernel) - poolings.begin());
        }
    }
    return choices;
}

}  // namespace nachos::cost
