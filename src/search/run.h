#pragma once

#include "search/archive.h"
#include "search/engine.h"
#include "search/proposals.h"

#include <chrono>

namespace nachos::search {

/// The archive of one run: evaluates in batches, keeps the history, tells the observer.
class Run {
  public:
    Run(const SearchProblem& problem, const SearchOptions& options, const SearchObserver& observer);

    /// Architectures that the next batch may hold; 0 = done, or out of patience.
    int room() const;

    /// Evaluates at most room() architectures and returns their evaluations. Throws Error(runtime) if the evaluator does not
    /// answer each, or if at least 8 of the archive's candidates, and more than half, failed: how many, and the commonest
    /// reason.
    std::span<const study::Evaluation> evaluate(std::span<const arch::ArchSpec> batch,
                                                std::optional<SurrogateQuality> surrogates = {});

    /// Evaluates until `count` architectures are in the archive: the smallest, the largest, then samples.
    void initial_design(Proposals& proposals, int count);

    /// Evaluates these architectures in order until `count` are in the archive; one that breaks a limit that needs no data
    /// is repaired.
    void evaluate_in_order(Proposals& proposals, std::span<const arch::ArchSpec> specs, int count);

    std::span<const study::Evaluation> archive() const { return result_.archive; }
    const HypervolumeAxes& axes() const { return axes_; }
    SearchResult take() { return std::move(result_); }

  private:
    void record(std::optional<SurrogateQuality> surrogates);
    bool out_of_patience() const;
    void require_enough_worked() const;
    bool out_of_time() const;

    const SearchProblem& problem_;
    const SearchOptions& options_;
    const SearchObserver& observer_;
    HypervolumeAxes axes_;
    SearchResult result_;
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

/// Whether any point of the curve meets all limits.
bool has_admissible_point(const study::Evaluation& evaluation, const study::Limits& limits);

}  // namespace nachos::search
