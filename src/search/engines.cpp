#include "core/error.h"
#include "optimize/adaptive_switching.h"
#include "search/differentiable_engine.h"
#include "search/engine.h"
#include "search/given.h"
#include "search/nachos_engine.h"
#include "search/nsga2_engine.h"
#include "search/paper_engine.h"
#include "search/random.h"

#include <algorithm>
#include <array>

namespace nachos::search {
namespace {

constexpr std::array kEngines{
    EngineRow{"nachos", "evolutionary search on surrogates of error and cost that fills gaps of the front", nachos_search},
    EngineRow{"nachos-paper", "the same as published: one operating point a candidate, adaptive penalty", paper_search},
    EngineRow{"nsga2", "evolutionary search over architecture and budget by NSGA-II", nsga2_search},
    EngineRow{"differentiable",
              "architectures learnt by gradient with the supernet, one for each budget, then samples of them",
              differentiable_search, true},
    EngineRow{"hybrid", "nachos, which begins with the architectures that were learnt", hybrid_search, true},
    EngineRow{"random", "random search, the floor for the others", random_search},
    EngineRow{"given", "no search: the architectures of search.given", given_search, false, false},
};

}  // namespace

std::span<const EngineRow> engines() { return kEngines; }

const EngineRow& engine_named(const std::string& name) {
    const auto row = std::find_if(kEngines.begin(), kEngines.end(), [&](const EngineRow& r) { return r.name == name; });
    if (row != kEngines.end()) return *row;
    std::string known;
    for (const EngineRow& r : kEngines) known += (known.empty() ? "" : ", ") + std::string(r.name);
    fail(ErrorKind::usage, "unknown search engine '{}', known are {}", name, known);
}

void SearchOptions::describe(core::OptionVisitor& v) {
    std::vector<std::string_view> names{"auto"};
    for (const EngineRow& row : engines()) names.push_back(row.name);
    v.field(
        {.key = "engine",
         .help =
             "how architectures are chosen; auto = hybrid, or nachos where latency is the cost or no supernet is trained",
         .allowed = names},
        engine);
    v.field({.key = "cost",
             .help = "what accuracy is traded against: average MACs, or average latency by latency.table",
             .allowed = {"macs", "latency"}},
            cost);
    v.field({.key = "evaluations", .help = "architectures evaluated in all", .min = 1, .max = 1e6}, evaluations);
    v.field({.key = "initial",
             .help = "of which in the initial design, the smallest and the largest among them; counts up to evaluations",
             .min = 2,
             .max = 1e6},
            initial);
    v.field({.key = "batch", .help = "architectures handed to the evaluator at once", .min = 1, .max = 1024}, batch);
    v.field({.key = "crossover",
             .help = "probability of two-point crossover per pair (published NACHOS value 0.9)",
             .min = 0,
             .max = 1},
            crossover);
    v.field({.key = "mutation", .help = "probability of mutation per gene; 0 = 1 / genes", .min = 0, .max = 1}, mutation);
    describe_surrogates(v);
    v.field({.key = "patience",
             .help = "batches without gain in hypervolume that end the search; 0 = none do",
             .min = 0,
             .max = 1e6},
            patience);
    v.field({.key = "max_hours",
             .help = "hours of choosing and evaluating after which the search ends and final training begins; 0 = no limit",
             .min = 0,
             .max = 1e6},
            max_hours);
    v.field(
        {.key = "given",
         .help =
             "what the engine given evaluates and trains: a file with one ARCH.json, a list of them, or a pareto.json; a "
             "study keeps their text"},
        given);
}

void SearchOptions::describe_surrogates(core::OptionVisitor& v) {
    std::vector<std::string_view> models{"adaptive", optimize::kMeanOfAll};
    for (const optimize::SurrogateRow& row : optimize::surrogates()) models.push_back(row.name);
    v.field({.key = "surrogate",
             .help = "what the engines nachos and nachos-paper predict with; adaptive = the best in cross-validation",
             .allowed = models},
            surrogate);
    v.field({.key = "one_hot", .help = "what is predicted from: also a column a value of each gene"}, one_hot);
    v.field({.key = "cost_features", .help = "what is predicted from: also exact costs, as logarithms"}, cost_features);
    v.field({.key = "population",
             .help = "survivors of the search on predictions (published NACHOS value 40)",
             .min = 4,
             .max = 10000},
            population);
    v.field({.key = "generations",
             .help = "generations of the search on predictions (published NACHOS value 20)",
             .min = 1,
             .max = 10000},
            generations);
    v.field({.key = "exploration",
             .help = "share of a batch of the engine nachos that is chosen where predictions are uncertain",
             .min = 0,
             .max = 1},
            exploration);
}

}  // namespace nachos::search
