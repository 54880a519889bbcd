#pragma once

#include "core/rng.h"
#include "optimize/genes.h"
#include "optimize/pareto.h"

#include <functional>
#include <span>
#include <unordered_set>
#include <vector>

namespace nachos::optimize {

/// Genes that were evaluated, and what came out.
struct Individual {
    Genes genes;
    Objectives objectives;  ///< two, minimised, finite
    double violation = 0;   ///< of the constraints in all; 0 = feasible
};

/// How individuals that break constraints compare with the others.
enum class ConstraintHandling {
    domination,       ///< violation is compared before objectives (Deb et al. 2002, section VI)
    adaptive_penalty  ///< method 6.5, see penalised()
};

struct Nsga2Options {
    int population = 40;              ///< survivors kept (published NACHOS value); at least 2
    VariationOptions variation = {};  ///< crossover and mutation
    ConstraintHandling constraints = ConstraintHandling::domination;
    double penalty = 1e10;  ///< factor of the adaptive penalty; >= 0 (the published implementation's default)
};

/// NSGA-II (Deb, Pratap, Agarwal, Meyarivan 2002) over mixed genes, asked for children and told results, so that the caller
/// evaluates in batches of any size. Survivors: parents and children together, by rank, then crowding distance; parents by
/// binary tournament on the same. Deviations: the last front that survives loses its most crowded points one by one
/// (Crowding), and no genes are asked for or kept twice (a 64-bit hash stands for them).
class Nsga2 {
  public:
    /// Makes genes valid. Equal designs must get equal genes, and repairing twice must change nothing more.
    using Repair = std::function<Genes(Genes)>;

    Nsga2(std::vector<Gene> genes, Nsga2Options options, core::Rng rng, Repair repair = {});

    /// At most `count` repaired children, different from each other and from all asked for or told before; fewer where 1,000
    /// attempts in a row find nothing new. Random genes while nothing was told.
    std::vector<Genes> ask(int count);

    /// Takes results (of any genes, asked for or not) and selects survivors. N = population + results: O(N log N + removed *
    /// N).
    void tell(std::vector<Individual> results);

    /// Survivors, best rank first, then largest crowding distance.
    const std::vector<Individual>& population() const { return population_; }
    /// Those of the best rank.
    std::vector<Individual> front() const;

  private:
    const Individual& tournament();
    Genes child();
    void select(std::vector<Individual> all);

    Variation variation_;
    Nsga2Options options_;
    core::Rng rng_;
    Repair repair_;
    std::vector<Individual> population_;
    std::vector<int> ranks_;                  ///< of the population
    std::vector<std::size_t> deck_;           ///< contestants to come
    std::unordered_set<std::uint64_t> seen_;  ///< keys of genes asked for or told
};

/// Rank of each individual under constraint domination: feasible ones by non-domination, then the others by violation.
std::vector<int> constrained_ranks(std::span<const Individual> individuals);

/// Objectives of the published adaptive penalty (method 6.5): the last one becomes phi * f + (1 - phi) * violation *
/// penalty, phi = the feasible share of these individuals. Deviation: violations of any constraints count, not the cost's
/// alone. Values of different calls are not comparable, so parents and children go in together.
std::vector<Objectives> penalised(std::span<const Individual> individuals, double penalty);

}  // namespace nachos::optimize
