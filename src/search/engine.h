#pragma once

#include "arch/search_space.h"
#include "core/progress.h"
#include "core/rng.h"
#include "study/evaluation.h"

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace nachos::search {

/// Configuration group [search].
struct SearchOptions {
    std::string engine = "nsga2";  ///< a row of engines()
    int evaluations = 200;         ///< architectures evaluated in all; [1, 1000000]
    int initial = 40;              ///< of which in the initial design, smallest and largest among them; [2, evaluations]
    int batch = 16;                ///< architectures handed to the evaluator at once; [1, 1024]
    double crossover = 0.9;        ///< probability of two-point crossover per pair (method 6: published value)
    double mutation = 0;           ///< probability per gene; 0 = 1 / genes

    void describe(core::OptionVisitor& v);
};

/// Everything an engine may use. The evaluator is handed in, so that search tests use a fake.
struct SearchProblem {
    const arch::SearchSpace& space;
    study::Limits limits;
    std::vector<double> budgets;  ///< budget grid of the study, ascending MACs (method 6: 16 steps)
    study::Evaluator evaluate;
    std::function<study::ArchCosts(const arch::ArchSpec&)> costs;  ///< exact, needs no data
};

/// State after each batch, for an observer.
struct SearchStep {
    int evaluations = 0;
    int total = 0;
    double hypervolume = 0;     ///< of the archive so far (method 6)
    double feasible_share = 0;  ///< share of evaluated architectures with an admissible point
};
using SearchObserver = std::function<void(const SearchStep&)>;

struct SearchResult {
    std::vector<study::Evaluation> archive;  ///< every evaluation, in order
    std::vector<SearchStep> history;         ///< one entry a batch
};

/// Runs one engine to its number of evaluations. No architecture is evaluated twice. Throws Error(inadmissible) if no
/// architecture of the space meets the limits that need no data.
using Engine = SearchResult (*)(const SearchProblem&, const SearchOptions&, core::Rng, const SearchObserver&);

/// The table of engines.
struct EngineRow {
    const char* name;
    const char* summary;
    Engine run;
};
std::span<const EngineRow> engines();
const EngineRow& engine_named(const std::string& name);  ///< Throws Error(usage) listing the known names.

}  // namespace nachos::search
