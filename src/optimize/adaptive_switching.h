#pragma once

#include "optimize/surrogate.h"

namespace nachos::optimize {

/// How well a candidate of adaptive switching predicts rows it was not fitted on.
struct SurrogateErrors {
    std::string name;
    double rmse = 0;               ///< over all rows, in the target's unit
    double spearman = 0;           ///< mean over the folds
    double kendall = 0;            ///< mean over the folds
    double kendall_deviation = 0;  ///< over the folds
    double fit_seconds = 0;        ///< median of a fold's fit; 0 for the mean of the others, which needs none of its own

    double score() const { return kendall - kendall_deviation; }
};

struct SwitchingOptions {
    int folds = 10;         ///< of the cross-validation (published); at least 2, fewer where there are fewer groups
    std::string only = "";  ///< a row of surrogates() that is kept whatever the others might do; empty = compare
};

/// Cross-validates all surrogates and their mean, keeps the candidate whose mean minus standard deviation of Kendall's tau
/// over the folds is highest (published), and fits it on all rows. Deviation: the candidate "mean", the average of the
/// others' predictions, is not published; models of different kinds err differently.
class AdaptiveSwitching {
  public:
    explicit AdaptiveSwitching(SwitchingOptions options = {}) : options_(std::move(options)) {}

    /// Rows of one group are never apart: `groups` has a number a row. With fewer than two groups nothing can be compared,
    /// and the mean is kept.
    void fit(const Rows& x, std::span<const double> y, std::span<const int> groups, core::Rng rng);

    /// Fits the candidate kept to more rows, without comparing anew. After fit().
    void refit(const Rows& x, std::span<const double> y, core::Rng rng);

    /// The deviation is the Gaussian process's, whoever predicts the mean, so that explorers have one unit; with `only` it
    /// is that model's own.
    std::vector<Prediction> predict(const Rows& x) const;

    /// One entry a candidate, in the order of surrogates(), "mean" last; empty if nothing could be compared.
    const std::vector<SurrogateErrors>& errors() const { return errors_; }
    /// Those of the candidate kept.
    const SurrogateErrors& chosen() const { return chosen_; }

  private:
    bool averaged(const std::string& name) const;  ///< whether that model's predictions are part of the mean
    bool tells_deviation(const std::string& name) const;

    SwitchingOptions options_;
    std::vector<std::unique_ptr<Surrogate>> models_;  ///< parallel to surrogates(); nothing where neither used nor asked
    std::vector<SurrogateErrors> errors_;
    SurrogateErrors chosen_;
};

/// A fold from 0 to folds - 1 for each row: groups shuffled and dealt out evenly.
std::vector<int> group_folds(std::span<const int> groups, int folds, core::Rng rng);

inline constexpr const char* kMeanOfAll = "mean";

}  // namespace nachos::optimize
