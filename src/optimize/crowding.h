#pragma once

#include "optimize/pareto.h"

namespace nachos::optimize {

/// Crowding distances (Deb et al. 2002, section III-B) of a front that points leave one by one, the most crowded first
/// (Kukkonen and Deb 2006: leaving all at once tears holes). Ranges are those of the whole front. O(M N log N) to make.
class Crowding {
  public:
    explicit Crowding(const std::vector<Objectives>& front);

    /// Infinite at the ends, 0 for a repeat.
    const std::vector<double>& distances() const { return distances_; }

    /// The present point with the least distance; of equal ones the last.
    int most_crowded() const;

    /// Neighbours' distances are computed anew. O(M).
    void remove(int point);

    /// Indices of those that have not left, ascending.
    std::vector<int> present() const;

  private:
    struct Link {
        int before = -1;  ///< -1 = an end
        int after = -1;
    };
    void link(const std::vector<Objectives>& front, std::size_t objective);
    double distance(int point) const;

    std::vector<std::vector<double>> scaled_;  ///< per objective, divided by its range
    std::vector<std::vector<Link>> links_;     ///< per objective, of the points that repeat no other
    std::vector<bool> present_, repeats_;
    std::vector<double> distances_;
};

}  // namespace nachos::optimize
