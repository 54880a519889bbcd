#include "cost/space_layers.h"

#include <algorithm>
#include <map>

namespace nachos::cost {
namespace {

/// How to get a layer: genes of a part and their values; or, of a published exit, a network.
struct Recipe {
    std::vector<int> genes;
    std::vector<int> values;
    arch::NetDesc lone = {};
};
using Recipes = std::map<LayerKey, Recipe>;

void add_part(const arch::SearchSpace& space, const SpacePart& part, Recipes& recipes) {
    for_each_genome(space, part, [&](const arch::Genome& genome) {
        Recipe recipe{.genes = part.genes, .values = {}};
        for (const int g : part.genes) recipe.values.push_back(genome[static_cast<std::size_t>(g)]);
        for (const arch::Layer& layer : space.build(space.decode(genome)).layers)
            if (part.owns(layer)) recipes.emplace(key_of(layer), recipe);
    });
}

void add_published_exits(const arch::SearchSpace& space, int site, Recipes& recipes) {
    for (const int pooling : space.published_poolings(site)) {
        Recipe recipe{.genes = {space.gene_index({arch::GeneRef::Kind::exit_placed, site - 1, 0})},
                      .values = {1},
                      .lone = space.published_exit(site, pooling)};
        recipe.lone.exits.push_back({site, static_cast<int>(recipe.lone.layers.size()), true});
        for (const arch::Layer& layer : recipe.lone.layers) recipes.emplace(key_of(layer), recipe);
    }
}

Recipes all_layers(const arch::SearchSpace& space) {
    Recipes recipes;
    for (const SpacePart& part : space_parts(space)) add_part(space, part, recipes);
    if (space.data().exit_style == arch::ExitStyle::published)
        for (int site = 1; site <= space.sites(); ++site) add_published_exits(space, site, recipes);
    return recipes;
}

/// The smallest genome with the first recipe's values, and those of every other recipe that goes together with it.
arch::Genome together(const arch::SearchSpace& space, const Recipes& recipes) {
    std::vector<int> fixed(space.genes().size(), -1);
    for (const auto& entry : recipes) {
        const Recipe& recipe = entry.second;
        const auto value = [&](std::size_t i) -> int& { return fixed[static_cast<std::size_t>(recipe.genes[i])]; };
        bool fits = true;
        for (std::size_t i = 0; i < recipe.genes.size(); ++i) fits = fits && (value(i) < 0 || value(i) == recipe.values[i]);
        for (std::size_t i = 0; fits && i < recipe.genes.size(); ++i) value(i) = recipe.values[i];
    }
    for (int& v : fixed) v = std::max(v, 0);
    return fixed;
}

void cross_off(const arch::NetDesc& net, Recipes& recipes) {
    for (const arch::Layer& layer : net.layers) recipes.erase(key_of(layer));
}

}  // namespace

std::vector<arch::NetDesc> covering_networks(const arch::SearchSpace& space) {
    std::vector<arch::NetDesc> networks;
    Recipes left = all_layers(space);
    while (!left.empty()) {
        const std::size_t before = left.size();
        arch::NetDesc net = space.build(space.decode(together(space, left)));
        cross_off(net, left);
        if (left.size() == before) {  // a published exit that was built behind another pooling
            net = left.begin()->second.lone;
            cross_off(net, left);
        }
        networks.push_back(std::move(net));
    }
    return networks;
}

std::vector<LayerKey> missing_layers(const arch::SearchSpace& space, const LatencyTable& table) {
    std::vector<LayerKey> missing;
    for (const auto& [key, recipe] : all_layers(space))
        if (!table.layers.contains(key)) missing.push_back(key);
    return missing;
}

}  // namespace nachos::cost
