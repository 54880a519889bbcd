#pragma once

#include "runtime/runtime.h"

#include <cstdint>
#include <span>
#include <vector>

namespace nachos::runtime {

/// Counts over inferences of one model at one operating point.
class RunStats {
  public:
    explicit RunStats(int exits) : left_(static_cast<std::size_t>(exits)), confidence_(left_.size()) {}

    void add(const Inference& inference);

    std::int64_t samples() const;
    std::int64_t left(int exit) const { return left_[static_cast<std::size_t>(exit)]; }
    double share(int exit) const;
    /// Of those that left there; 0 if nobody did.
    double mean_confidence(int exit) const;
    double avg_macs() const;
    std::int64_t macs() const { return macs_; }

    /// Pearson's chi-square test of the shares against `expected` (E): the probability of shares at least as far off if
    /// images are as they were then. Exits of which fewer than five samples are expected count together. 1 where that leaves
    /// one.
    double p_value(std::span<const double> expected) const;

  private:
    std::vector<std::int64_t> left_;
    std::vector<double> confidence_;  ///< sums
    std::int64_t macs_ = 0;
};

inline constexpr double kDriftPValue = 0.001;  ///< below it the shares say that images have changed

}  // namespace nachos::runtime
