#pragma once

#include "policy/best_vector.h"
#include "policy/ranked_table.h"

#include <compare>

namespace nachos::policy {

/// The samples by class.
struct ClassIndex {
    std::vector<int> of;                    ///< (N) which class, counted from 0 by label
    std::vector<std::vector<int>> samples;  ///< of each class present
};
ClassIndex class_index(const ExitView& view);

/// How good a vector is: less is better, the violation first.
struct Score {
    double violation = std::numeric_limits<double>::infinity();  ///< sum of relative excesses; 0 = admissible
    double first = 0;
    double second = 0;

    auto operator<=>(const Score&) const = default;
};

/// Judges candidates by their counts.
class Scorer {
  public:
    /// Throws Error(usage) if a limit is out of range.
    Scorer(const ThresholdLimits& limits, std::span<const double> cost, int samples);

    /// Mean cost, its bound and the 95 % cost follow from candidate.taken; `worst_class` is its worst class's accuracy.
    Score score(const Candidate& candidate, double worst_class) const;
    std::vector<BrokenLimit> broken(const Candidate& candidate, double worst_class) const;

    /// Whether nothing with so many right samples can beat `best`, whatever it costs.
    bool hopeless(int correct, const Score& best) const {
        return !cheapest_ && best.violation == 0 && -correct > best.first;
    }
    /// No vector whose mean cost is above this can beat `best`; a last bit of rounding is left room for.
    double most_cost(const Score& best) const {
        constexpr double kRoom = 1 + 1e-9;
        if (best.violation > 0) return std::numeric_limits<double>::infinity();
        if (cheapest_) return best.first * kRoom;
        return limits_.max_avg_cost ? *limits_.max_avg_cost * kRoom : std::numeric_limits<double>::infinity();
    }
    bool wants_classes() const { return limits_.min_class_accuracy.has_value(); }
    bool wants_cheapest() const { return cheapest_; }

  private:
    template <class Found>
    void each_broken(const Candidate& candidate, double mean, double worst_class, Found found) const;

    ThresholdLimits limits_;
    std::span<const double> cost_;
    int samples_;
    bool cheapest_;
    double z_ = 0;
};

}  // namespace nachos::policy
