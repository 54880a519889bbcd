#include "optimize/nsga2.h"

#include "core/error.h"

#include <algorithm>
#include <cassert>
#include <map>
#include <numeric>

namespace nachos::optimize {
namespace {

/// Indices of the individuals by rank, then by crowding distance within the rank, largest first.
std::vector<int> by_rank_and_crowding(std::span<const Individual> individuals, const std::vector<int>& ranks) {
    std::map<int, std::vector<int>> fronts;
    for (std::size_t i = 0; i < ranks.size(); ++i) fronts[ranks[i]].push_back(static_cast<int>(i));
    std::vector<int> order;
    for (auto& [rank, members] : fronts) {
        std::vector<Objectives> points;
        for (const int i : members) points.push_back(individuals[static_cast<std::size_t>(i)].objectives);
        const std::vector<double> crowding = crowding_distances(points);
        std::vector<int> within(members.size());
        std::iota(within.begin(), within.end(), 0);
        std::stable_sort(within.begin(), within.end(), [&](int a, int b) { return crowding[a] > crowding[b]; });
        for (const int w : within) order.push_back(members[static_cast<std::size_t>(w)]);
    }
    return order;
}

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
    auto own = of_feasible.begin();
    for (const Individual& i : individuals) ranks.push_back(i.violation > 0 ? broken.at(i.violation) : *own++);
    return ranks;
}

Nsga2::Nsga2(std::vector<int> cardinality, Nsga2Options options, core::Rng rng, Repair repair)
    : cardinality_(std::move(cardinality)), options_(options), rng_(rng), repair_(std::move(repair)) {
    require(!cardinality_.empty() && *std::min_element(cardinality_.begin(), cardinality_.end()) >= 1, ErrorKind::usage,
            "every gene needs at least one value, and there must be a gene");
    require(options_.population >= 2, ErrorKind::usage, "the population is {}, at least 2 are needed", options_.population);
    if (options_.mutation == 0) options_.mutation = 1.0 / static_cast<double>(cardinality_.size());
}

std::vector<Genes> Nsga2::ask(int count) {
    constexpr int kAttempts = 1000;
    std::vector<Genes> children;
    for (int failed = 0; static_cast<int>(children.size()) < count && failed < kAttempts;) {
        Genes genes = population_.empty() ? random_genes() : child();
        if (repair_) genes = repair_(std::move(genes));
        failed = seen_.insert(genes).second ? 0 : failed + 1;
        if (failed == 0) children.push_back(std::move(genes));
    }
    return children;
}

void Nsga2::tell(std::span<const Individual> results) {
    std::vector<Individual> all = population_;
    std::set<Genes> kept;
    for (const Individual& i : population_) kept.insert(i.genes);
    for (const Individual& i : results) {
        assert(i.genes.size() == cardinality_.size());
        seen_.insert(i.genes);
        if (kept.insert(i.genes).second) all.push_back(i);
    }
    const std::vector<int> ranks = constrained_ranks(all);
    std::vector<int> order = by_rank_and_crowding(all, ranks);
    order.resize(std::min(order.size(), static_cast<std::size_t>(options_.population)));
    population_.clear();
    ranks_.clear();
    for (const int i : order) {
        population_.push_back(std::move(all[static_cast<std::size_t>(i)]));
        ranks_.push_back(ranks[static_cast<std::size_t>(i)]);
    }
}

std::vector<Individual> Nsga2::front() const {
    const auto end = std::find_if(ranks_.begin(), ranks_.end(), [&](int rank) { return rank != ranks_.front(); });
    return {population_.begin(), population_.begin() + (end - ranks_.begin())};
}

/// The population stands in order of (rank, crowding distance), so the better of two is the one in front.
const Individual& Nsga2::tournament() {
    const std::uint64_t a = rng_.below(population_.size());
    const std::uint64_t b = rng_.below(population_.size());
    return population_[std::min(a, b)];
}

Genes Nsga2::child() {
    Genes genes = tournament().genes;
    if (rng_.chance(options_.crossover)) {
        const Genes& other = tournament().genes;
        std::uint64_t from = rng_.below(genes.size() + 1);
        std::uint64_t to = rng_.below(genes.size() + 1);
        if (from > to) std::swap(from, to);
        std::copy(other.begin() + static_cast<std::ptrdiff_t>(from), other.begin() + static_cast<std::ptrdiff_t>(to),
                  genes.begin() + static_cast<std::ptrdiff_t>(from));
    }
    mutate(genes);
    return genes;
}

/// Each gene with the given probability to one of its other values, all alike.
void Nsga2::mutate(Genes& genes) {
    for (std::size_t g = 0; g < genes.size(); ++g) {
        if (cardinality_[g] < 2 || !rng_.chance(options_.mutation)) continue;
        const int other = rng_.between(0, cardinality_[g] - 2);
        genes[g] = other < genes[g] ? other : other + 1;
    }
}

Genes Nsga2::random_genes() {
    Genes genes;
    for (const int values : cardinality_) genes.push_back(rng_.between(0, values - 1));
    return genes;
}

}  // namespace nachos::optimize
