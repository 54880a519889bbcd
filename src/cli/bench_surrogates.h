#pragma once

#include "cli/bench_archive.h"
#include "optimize/adaptive_switching.h"

#include <optional>

namespace nachos::cli {

struct SurrogateBenchOptions {
    int folds = 10;       ///< of the cross-validation; [2, 20]
    int first = 100;      ///< networks fitted to rank all later ones; 0 = leave that out
    bool nested = false;  ///< choose anew in each fold, on its own folds: folds + 1 times the work
    std::uint64_t seed = 1;
};

/// Kendall's tau of one model on networks that are later than those it was fitted on.
struct LaterRanks {
    std::string name;
    double kendall = 0;
};

/// How well one target of an archive is predicted.
struct TargetFigures {
    BenchTarget target;
    std::vector<optimize::SurrogateErrors> candidates;  ///< cross-validated, see optimize::AdaptiveSwitching
    optimize::SurrogateErrors switching;                ///< the candidate it keeps
    std::optional<optimize::SurrogateErrors> nested;    ///< of the choice itself, on folds it has not seen
    std::vector<LaterRanks> later;                      ///< each surrogate alone
    std::optional<LaterRanks> later_switching;          ///< name = the candidate kept
    double fits_seconds = 0;                            ///< all surrogates once, on all networks
};

TargetFigures surrogate_figures(const BenchArchive& archive, const BenchTarget& target,
                                const SurrogateBenchOptions& options);

struct SurrogateBench {
    std::string file;
    int networks = 0;
    int columns = 0;  ///< of the encoding
    SurrogateBenchOptions options;
    std::vector<TargetFigures> targets;
};
std::string surrogates_json(const SurrogateBench& bench);
std::string surrogates_table(const SurrogateBench& bench);

}  // namespace nachos::cli
