#pragma once

#include "search/archive.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace nachos::report {

/// Hypervolume (method 6.6) after so many evaluations.
struct EngineStep {
    int evaluations = 0;
    double searched = 0;  ///< on the validation part, which the search sees
    double held_out = 0;  ///< of the same designs on a part that it does not see
};

/// One search by one engine with one seed.
struct EngineRun {
    std::string engine;
    std::uint64_t seed = 0;
    std::vector<EngineStep> steps;  ///< one a batch, not empty
    double seconds = 0;             ///< choosing and evaluating
    double supernet_seconds = 0;    ///< of training what was searched, architectures with it where the engine learns them
};

/// Hypervolume of a searched front on other data: each design of the front counts with what `held_out` says of its
/// architecture at its budget, or at the next lower one where that was dominated. `held_out` holds evaluations on the other
/// data of at least the architectures of the front.
double held_out_hypervolume(std::span<const study::Evaluation> archive, std::span<const study::Evaluation> held_out,
                            const study::Limits& limits, const search::HypervolumeAxes& axes);

/// Evaluations after which the searched hypervolume is at least `hypervolume`; nothing if it never is.
std::optional<int> evaluations_to(const EngineRun& run, double hypervolume);

/// Engines that searched the same supernets; `floor` is the one that all are measured against.
struct EngineComparison {
    std::string data;
    std::string floor;
    std::vector<std::uint64_t> seeds;
    std::vector<EngineRun> runs;  ///< of each seed, one an engine, the floor among them
};

/// A row a search, then a sentence an engine.
std::string engines_table(const EngineComparison& comparison);
std::string engines_json(const EngineComparison& comparison);
std::string engines_csv(const EngineComparison& comparison);

/// One search as text, to be kept. Reading throws Error(bad_data) naming `where`.
std::string to_json(const EngineRun& run);
EngineRun engine_run_from_json(const std::string& text, const std::string& where);

}  // namespace nachos::report
