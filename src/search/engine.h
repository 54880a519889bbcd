#pragma once

#include "arch/search_space.h"
#include "core/progress.h"
#include "core/rng.h"
#include "study/evaluation.h"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace nachos::search {

/// Configuration group [search].
struct SearchOptions {
    std::string engine = "auto";  ///< a row of engines(); configurations resolve "auto" to one
    std::string cost = "macs";    ///< traded against error: "macs", or "latency" by the study's latency table
    int evaluations = 200;        ///< architectures evaluated in all; [1, 1000000]
    int initial = 40;             ///< of which in the initial design, smallest and largest among them; [2, evaluations]
    int batch = 8;                ///< architectures handed to the evaluator at once (published NACHOS value); [1, 1024]
    double crossover = 0.9;       ///< probability of two-point crossover per pair (method 6: published value)
    double mutation = 0;          ///< probability per gene; 0 = 1 / genes
    std::string surrogate = "adaptive";  ///< of the engines that predict: "adaptive" or a row of optimize::surrogates()
    bool one_hot = false;                ///< their rows hold a column a value of each gene beside the value
    bool cost_features = true;           ///< and exact costs, as logarithms
    int population = 60;                 ///< of the search on predictions; [4, 10000] (published: 40)
    int generations = 6;                 ///< likewise; [1, 10000]; more find the models' mistakes (published: 20)
    double exploration = 0.25;           ///< share of a batch chosen by what is uncertain; [0, 1]
    int patience = 0;                    ///< batches without gain in hypervolume that end the search; 0 = none do
    double max_hours = 0;                ///< of choosing and evaluating, after which the search ends; 0 = no limit
    std::string given;                   ///< of the engine given: architectures_from() reads it; empty = none

    void describe(core::OptionVisitor& v);

  private:
    void describe_surrogates(core::OptionVisitor& v);
};

/// Everything an engine may use. The evaluator is handed in, so that search tests use a fake.
struct SearchProblem {
    const arch::SearchSpace& space;
    study::Limits limits;
    std::vector<double> budgets;  ///< budget grid of the study, ascending, in `unit` (method 6: 16 steps)
    study::Evaluator evaluate;
    std::function<study::ArchCosts(const arch::ArchSpec&)> costs;  ///< exact, needs no data
    /// Seconds that the batch which ended with so many evaluations took when it was first evaluated, so that a search that
    /// is replayed ends where it ended; nothing if it is new. May be empty.
    std::function<std::optional<double>(int evaluations)> recorded_seconds = {};
    /// Architectures that were learnt together with the supernet, the best guess of each budget first. Empty where the
    /// engine learns none.
    std::vector<arch::ArchSpec> learnt = {};
    study::CostUnit unit = study::CostUnit::macs;  ///< of the cost that is traded against error
};

/// How the surrogates that chose a batch did in cross-validation: the model kept, Kendall's tau and RMSE of it.
struct SurrogateQuality {
    std::string error_model;  ///< of error, in [0, 1]
    double error_kendall = 0;
    double error_rmse = 0;
    std::string cost_model;  ///< of the logarithm of average cost
    double cost_kendall = 0;
    double cost_rmse = 0;
};

/// The most accurate admissible point so far: what a search has to show.
struct BestPoint {
    double accuracy = 0;  ///< in [0, 1], on the validation part
    double avg_macs = 0;

    bool operator==(const BestPoint&) const = default;
};

/// State after each batch, for an observer.
struct SearchStep {
    int evaluations = 0;
    int total = 0;
    double hypervolume = 0;              ///< of the archive so far (method 6)
    double feasible_share = 0;           ///< share of evaluated architectures with an admissible point
    double seconds = 0;                  ///< since the batch before: choosing and evaluating; never part of a result
    std::optional<BestPoint> best = {};  ///< nothing while none is admissible
    std::optional<SurrogateQuality> surrogates = {};  ///< nothing where none were used
};
using SearchObserver = std::function<void(const SearchStep&)>;

struct SearchResult {
    std::vector<study::Evaluation> archive;  ///< every evaluation, in order
    std::vector<SearchStep> history;         ///< one entry a batch
};

/// Runs one engine to its number of evaluations, or until `patience` ends it. No architecture is evaluated twice. Throws
/// Error(inadmissible) if no architecture of the space meets the limits that need no data.
using Engine = SearchResult (*)(const SearchProblem&, const SearchOptions&, core::Rng, const SearchObserver&);

/// The table of engines.
struct EngineRow {
    const char* name;
    const char* summary;
    Engine run;
    bool learns = false;   ///< architectures are learnt with the supernet (search/differentiable), which is then its own
    bool searches = true;  ///< false: all architectures were asked for, and are trained whatever they reached untrained
};
std::span<const EngineRow> engines();
const EngineRow& engine_named(const std::string& name);  ///< Throws Error(usage) listing the known names.

}  // namespace nachos::search
