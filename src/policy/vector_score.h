#pragma once

#include "policy/best_vector.h"
#include "policy/class_rights.h"

#include <compare>

namespace nachos::policy {

/// How good a vector is: less is better, the violation first.
struct Score {
    double violation = std::numeric_limits<double>::infinity();  ///< sum of relative excesses; 0 = admissible
    double first = 0;
    double second = 0;

    auto operator<=>(const Score&) const = default;
};

/// What a vector must have to be no worse than the best one so far. Each is needed; all together need not be enough.
struct Needs {
    int correct = 0;                                                  ///< at least so many right samples
    double most_cost = std::numeric_limits<double>::infinity();       ///< at most this mean
    std::size_t late_exit = std::numeric_limits<std::size_t>::max();  ///< at most `most_late` samples reach this one
    int most_late = 0;
    std::vector<int> class_right;  ///< at least so many right samples of each class
};

/// Judges candidates by their counts.
class Scorer {
  public:
    /// `classes` is empty unless the worst class is limited. Throws Error(usage) if a limit is out of range.
    Scorer(const ThresholdLimits& limits, std::span<const double> cost, int samples, const ClassIndex& classes);

    /// Mean cost, its bound and the 95 % cost follow from candidate.taken; `worst_class` is its worst class's accuracy.
    Score score(const Candidate& candidate, double worst_class) const;
    std::vector<BrokenLimit> broken(const Candidate& candidate, double worst_class) const;
    /// The worst class's accuracy, of the right samples of each class; 1 of none.
    double worst_class(std::span<const int> rights) const;

    Needs needs(const Score& best) const;
    bool wants_classes() const { return !class_samples_.empty(); }
    bool wants_cheapest() const { return cheapest_; }

  private:
    template <class Found>
    void each_broken(const Candidate& candidate, double mean, double worst_class, Found found) const;
    double most_cost(const Score& best) const;
    std::size_t late_exit(const Score& best) const;

    ThresholdLimits limits_;
    std::span<const double> cost_;
    int samples_;
    std::vector<int> class_samples_;
    bool cheapest_;
    double z_ = 0;
};

}  // namespace nachos::policy
