#pragma once

#include "core/rng.h"
#include "optimize/pareto.h"

#include <functional>
#include <set>
#include <span>
#include <vector>

namespace nachos::optimize {

/// One index per gene.
using Genes = std::vector<int>;

/// Genes that were evaluated, and what came out.
struct Individual {
    Genes genes;
    Objectives objectives;  ///< minimised, finite
    double violation = 0;   ///< of the constraints in all; 0 = feasible
};

struct Nsga2Options {
    int population = 40;     ///< survivors kept (published NACHOS value); at least 2
    double crossover = 0.9;  ///< probability of two-point crossover per pair; [0, 1] (published NACHOS value)
    double mutation = 0;     ///< probability per gene; [0, 1]; 0 = 1 / genes (Deb et al. 2002)
};

/// NSGA-II (Deb, Pratap, Agarwal, Meyarivan 2002) over integer genes, asked for children and told results, so that the
/// caller evaluates in batches of any size. Survivors: parents and children together, by rank, then crowding distance;
/// parents by binary tournament on the same. Constraints: violation is compared before objectives. Deviations: two-point
/// crossover and a mutation that draws any other value of the gene uniformly, because genes are indices; no genes are asked
/// for or kept twice.
class Nsga2 {
  public:
    /// Makes genes valid. Equal designs must get equal genes, and repairing twice must change nothing more.
    using Repair = std::function<Genes(Genes)>;

    /// `cardinality`: number of values of each gene, at least 1.
    Nsga2(std::vector<int> cardinality, Nsga2Options options, core::Rng rng, Repair repair = {});

    /// At most `count` repaired children, different from each other and from all asked for or told before; fewer where 1,000
    /// attempts in a row find nothing new. Random genes while nothing was told.
    std::vector<Genes> ask(int count);

    /// Takes results (of any genes, asked for or not) and selects survivors. O(N^2), N = population + results.
    void tell(std::span<const Individual> results);

    /// Survivors, best rank first, then largest crowding distance.
    const std::vector<Individual>& population() const { return population_; }
    /// Those of the best rank.
    std::vector<Individual> front() const;

  private:
    const Individual& tournament();
    Genes child();
    void mutate(Genes& genes);
    Genes random_genes();

    std::vector<int> cardinality_;
    Nsga2Options options_;
    core::Rng rng_;
    Repair repair_;
    std::vector<Individual> population_;
    std::vector<int> ranks_;  ///< of the population
    std::set<Genes> seen_;
};

/// Rank of each individual under constraint domination: feasible ones by non-domination, then the others by violation.
std::vector<int> constrained_ranks(std::span<const Individual> individuals);

}  // namespace nachos::optimize
