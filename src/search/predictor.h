#pragma once

#include "optimize/adaptive_switching.h"
#include "search/encoding.h"

namespace nachos::search {

/// A design as the surrogates see it.
struct PredictedPoint {
    policy::OperatingPoint point;               ///< accuracy, and what else a limit is set on; the worst case is exact
    double cost = 0;                            ///< average, in the problem's unit
    std::optional<double> avg_latency_us = {};  ///< where that is limited
    double error_deviation = 0;                 ///< how uncertain the error is
    double violation = 0;                       ///< of all limits; those that need no data are exact
    double violation_beside_accuracy = 0;       ///< of all limits but min_accuracy
};

/// How the predictor sees an evaluation's curve.
enum class Operating {
    every_budget,   ///< one row a budget, the budget a column: an evaluation teaches as many rows as it meets budgets
    dearest_budget  ///< one row an evaluation: the point of its largest budget
};

/// Surrogates over (architecture, budget) for error and the logarithm of average cost, and for the 95 % cost, the average
/// latency and the worst class where those are limited. With budgets, average cost is learnt relative to what can be spent,
/// the budget or the worst case if that is less, for it mostly is near it; and how a budget lies to the first and the last
/// exit's cost are columns. At budget b an evaluation's point is the one of the largest budget at most b that its curve has;
/// below its first it teaches nothing. Of many rows a sample is fitted, as many of each evaluation. The candidates of
/// adaptive switching are compared anew whenever the archive has grown by a quarter, else the one kept is fitted again.
class Predictor {
  public:
    /// `problem` must outlive the predictor.
    Predictor(const SearchProblem& problem, const SearchOptions& options, Operating operating);

    /// False, and nothing is fitted, with fewer than two rows.
    bool fit(std::span<const study::Evaluation> archive, core::Rng rng);

    struct Asked {
        arch::ArchSpec spec;
        int budget_index = 0;  ///< without meaning for Operating::dearest_budget
    };
    std::vector<PredictedPoint> predict(std::span<const Asked> asked) const;
    /// All budgets of each architecture (one for Operating::dearest_budget), architecture after architecture.
    std::vector<std::vector<PredictedPoint>> curves(std::span<const arch::ArchSpec> specs) const;

    /// Of the models in use, as of the last comparison.
    SurrogateQuality quality() const;

  private:
    /// One figure of an operating point that is learnt.
    struct Figure {
        double (*read)(const policy::OperatingPoint&, const study::ArchCosts&, double spendable);
        void (*write)(PredictedPoint&, double value, double spendable);
        optimize::AdaptiveSwitching model;
    };
    std::vector<double> row(const std::vector<double>& encoded, const study::ArchCosts& costs, int budget_index) const;
    void add_figures();
    double spendable(const study::ArchCosts& costs, int budget_index) const;
    void finish(PredictedPoint& predicted, const study::ArchCosts& costs, int budget_index) const;

    const SearchProblem& problem_;
    const SearchOptions& options_;
    Operating operating_;
    Encoding encoding_;
    std::vector<Figure> figures_;  ///< error and average cost first
    std::size_t compared_ = 0;     ///< evaluations at the last comparison
};

}  // namespace nachos::search
