#pragma once

#include "optimize/nsga2.h"

#include <span>

namespace nachos::optimize {

/// A problem whose best front is known, to measure a multi-objective optimizer on.
struct KnownProblem {
    const char* name;
    const char* summary;
    std::vector<Gene> genes;
    Individual (*evaluate)(const Genes&);
    Objectives reference;  ///< point of the hypervolume
};

/// ZDT1, ZDT2, ZDT3 (Zitzler, Deb and Thiele 2000; 30 real genes) and DTLZ2 (Deb et al. 2005; 2 objectives, 11 real genes).
std::vector<KnownProblem> continuous_problems();

/// Problems of so few values that the whole front can be enumerated: one of integers, one constrained of mixed genes.
std::vector<KnownProblem> enumerable_problems();

/// The distinct objectives of the feasible non-dominated genes, ascending, by evaluating all. No gene may be real.
std::vector<Objectives> enumerated_front(const KnownProblem& problem);

/// The same of a population's best rank, without enumerating.
std::vector<Objectives> distinct_objectives(const std::vector<Individual>& individuals);

/// The genes an optimizer is asked for, evaluated and told, `generations` times `population`.
Nsga2 solve(const KnownProblem& problem, const Nsga2Options& options, int generations, core::Rng rng);

}  // namespace nachos::optimize
