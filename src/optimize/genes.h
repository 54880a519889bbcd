#pragma once

#include "core/rng.h"

#include <vector>

namespace nachos::optimize {

enum class GeneKind { categorical, integer, real };

/// One decision and the values it may take.
struct Gene {
    GeneKind kind = GeneKind::categorical;
    double low = 0;
    double high = 0;  ///< included
};

/// A gene whose values 0 to `values` - 1 have no order.
Gene categorical_gene(int values);
/// A gene whose values low to high have one.
Gene integer_gene(int low, int high);
/// A gene of any value from low to high.
Gene real_gene(double low, double high);

/// One value a gene; whole numbers where it is categorical or an integer.
using Genes = std::vector<double>;

/// Each gene uniform over its values.
Genes random_genes(const std::vector<Gene>& genes, core::Rng& rng);

/// How two parents make a child. Real genes know only these too: two-point and uniform crossover copy their values.
enum class Crossover {
    two_point,        ///< one stretch of the other parent
    uniform,          ///< each gene of either parent
    simulated_binary  ///< SBX: around the parents' values; categorical genes as in `uniform`
};

struct VariationOptions {
    Crossover crossover = Crossover::two_point;
    double crossover_rate = 0.9;   ///< probability per pair; [0, 1] (published NACHOS value)
    double mutation_rate = 0;      ///< probability per gene; [0, 1]; 0 = 1 / genes (Deb et al. 2002)
    double crossover_spread = 15;  ///< distribution index of SBX, larger = nearer to the parents; >= 0
    double mutation_spread = 20;   ///< distribution index of polynomial mutation; >= 0
};

/// Makes children of parents: crossover, then mutation. Children are within the genes' ranges, integers whole.
class Variation {
  public:
    /// Throws Error(usage) without genes, for an empty range, or for a rate outside [0, 1].
    Variation(std::vector<Gene> genes, VariationOptions options);

    const std::vector<Gene>& genes() const { return genes_; }

    /// The child of two parents.
    Genes child(const Genes& mother, const Genes& father, core::Rng& rng) const;

    /// SBX takes the bounded form of Deb and Agrawal 1995, and one of its two children, with even odds.
    void cross(Genes& genes, const Genes& other, core::Rng& rng) const;

    /// Each gene with the mutation rate: a categorical one to any other value, all alike; an integer one as often a step up
    /// or down as to any other value; a real one by polynomial mutation (Deb and Goyal 1996, bounded).
    void mutate(Genes& genes, core::Rng& rng) const;

  private:
    void cross_two_point(Genes& genes, const Genes& other, core::Rng& rng) const;
    void cross_uniform(Genes& genes, const Genes& other, core::Rng& rng) const;
    void cross_simulated_binary(Genes& genes, const Genes& other, core::Rng& rng) const;

    std::vector<Gene> genes_;
    VariationOptions options_;
};

}  // namespace nachos::optimize
