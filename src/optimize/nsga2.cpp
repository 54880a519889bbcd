#include "optimize/nsga2.h"

#include "core/error.h"
#include "core/hash.h"
#include "optimize/crowding.h"

#include <algorithm>
#include <cassert>
#include <map>
#include <numeric>

namespace nachos::optimize {
namespace {

std::vector<Objectives> objectives_of(std::span<const Individual> individuals) {
    std::vector<Objectives> all;
    all.reserve(individuals.size());
    for (const Individual& i : individuals) all.push_back(i.objectives);
    return all;
}

/// The members of each rank, best first.
std::vector<std::vector<int>> fronts_of(const std::vector<int>& ranks) {
    std::vector<std::vector<int>> fronts;
    for (std::size_t i = 0; i < ranks.size(); ++i) {
        const auto rank = static_cast<std::size_t>(ranks[i]);
        if (rank >= fronts.size()) fronts.resize(rank + 1);
        fronts[rank].push_back(static_cast<int>(i));
    }
    return fronts;
}

template <class T>
std::vector<T> picked(const std::vector<T>& from, const std::vector<int>& places) {
    std::vector<T> values;
    values.reserve(places.size());
    for (const int p : places) values.push_back(from[static_cast<std::size_t>(p)]);
    return values;
}

/// At most `room` members of a front, the least crowded first.
std::vector<int> by_crowding(const std::vector<int>& members, const std::vector<Objectives>& fitness, std::size_t room) {
    Crowding crowding(picked(fitness, members));
    for (std::size_t left = members.size(); left > room; --left) crowding.remove(crowding.most_crowded());
    std::vector<int> order = crowding.present();
    const std::vector<double>& distances = crowding.distances();
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
        return distances[static_cast<std::size_t>(a)] > distances[static_cast<std::size_t>(b)];
    });
    return picked(members, order);
}

/// Stands for the genes: two of a million differing ones share a key once in 10^7 runs.
std::uint64_t key_of(const Genes& genes) { return core::hash64(core::bytes_of(std::span(genes))); }

}  // namespace

std::vector<int> constrained_ranks(std::span<const Individual> individuals) {
    std::vector<Objectives> feasible;
    std::map<double, int> broken;  // violation -> rank
    for (const Individual& i : individuals) {
        if (i.violation > 0)
            broken.emplace(i.violation, 0);
        else
            feasible.push_back(i.objectives);
    }
    const std::vector<int> of_feasible = non_dominated_ranks(feasible);
    int next = of_feasible.empty() ? 0 : *std::max_element(of_feasible.begin(), of_feasible.end()) + 1;
    for (auto& [violation, rank] : broken) rank = next++;
    std::vector<int> ranks;
    ranks.reserve(individuals.size());
    auto own = of_feasible.begin();
    for (const Individual& i : individuals) ranks.push_back(i.violation > 0 ? broken.at(i.violation) : *own++);
    return ranks;
}

std::vector<Objectives> penalised(std::span<const Individual> individuals, double penalty) {
    const auto feasible =
        std::count_if(individuals.begin(), individuals.end(), [](const Individual& i) { return i.violation <= 0; });
    const double phi = static_cast<double>(feasible) / static_cast<double>(std::max<std::size_t>(individuals.size(), 1));
    std::vector<Objectives> fitness = objectives_of(individuals);
    for (std::size_t i = 0; i < fitness.size(); ++i)
        fitness[i].back() = phi * fitness[i].back() + (1 - phi) * std::max(individuals[i].violation, 0.0) * penalty;
    return fitness;
}

Nsga2::Nsga2(std::vector<Gene> genes, Nsga2Options options, core::Rng rng, Repair repair)
    : variation_(std::move(genes), options.variation), options_(options), rng_(rng), repair_(std::move(repair)) {
    require(options_.population >= 2, ErrorKind::usage, "the population is {}, at least 2 are needed", options_.population);
    require(options_.penalty >= 0, ErrorKind::usage, "the penalty is {}, at least 0 is needed", options_.penalty);
}

std::vector<Genes> Nsga2::ask(int count) {
    constexpr int kAttempts = 1000;
    std::vector<Genes> children;
    for (int failed = 0; static_cast<int>(children.size()) < count && failed < kAttempts;) {
        Genes genes = population_.empty() ? random_genes(variation_.genes(), rng_) : child();
        if (repair_) genes = repair_(std::move(genes));
        failed = seen_.insert(key_of(genes)).second ? 0 : failed + 1;
        if (failed == 0) children.push_back(std::move(genes));
    }
    return children;
}

void Nsga2::tell(std::vector<Individual> results) {
    std::unordered_set<std::uint64_t> kept;
    for (const Individual& i : population_) kept.insert(key_of(i.genes));
    std::vector<Individual> all = std::move(population_);
    for (Individual& i : results) {
        assert(i.genes.size() == variation_.genes().size());
        const std::uint64_t key = key_of(i.genes);
        seen_.insert(key);
        if (kept.insert(key).second) all.push_back(std::move(i));
    }
    select(std::move(all));
}

void Nsga2::select(std::vector<Individual> all) {
    const bool penalise = options_.constraints == ConstraintHandling::adaptive_penalty;
    const auto fitness = penalise ? penalised(all, options_.penalty) : objectives_of(all);
    const std::vector<int> ranks = penalise ? non_dominated_ranks(fitness) : constrained_ranks(all);
    const auto most = static_cast<std::size_t>(options_.population);
    population_.clear();
    ranks_.clear();
    deck_.clear();
    for (const std::vector<int>& front : fronts_of(ranks)) {
        if (population_.size() == most) return;
        for (const int i : by_crowding(front, fitness, most - population_.size())) {
            population_.push_back(std::move(all[static_cast<std::size_t>(i)]));
            ranks_.push_back(ranks[static_cast<std::size_t>(i)]);
        }
    }
}

std::vector<Individual> Nsga2::front() const {
    const auto end = std::find_if(ranks_.begin(), ranks_.end(), [&](int rank) { return rank != ranks_.front(); });
    return {population_.begin(), population_.begin() + (end - ranks_.begin())};
}

/// Contestants are dealt from a shuffled deck, so that each of the population competes equally often, as in the authors'
/// code. The population stands in order of (rank, crowding distance): the better of two is the one in front.
const Individual& Nsga2::tournament() {
    const auto dealt = [this] {
        if (deck_.empty()) {
            deck_.resize(population_.size());
            std::iota(deck_.begin(), deck_.end(), std::size_t{0});
            rng_.shuffle(std::span(deck_));
        }
        const std::size_t top = deck_.back();
        deck_.pop_back();
        return top;
    };
    const std::size_t a = dealt();
    const std::size_t b = dealt();
    return population_[std::min(a, b)];
}

Genes Nsga2::child() {
    const Individual& mother = tournament();
    const Individual& father = tournament();
    return variation_.child(mother.genes, father.genes, rng_);
}

}  // namespace nachos::optimize
