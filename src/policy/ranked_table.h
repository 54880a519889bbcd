#pragma once

#include "policy/thresholds.h"

#include <limits>
#include <numeric>
#include <span>
#include <vector>

namespace nachos::policy {

/// One early exit's confidences as ranks among its distinct values, ascending. A threshold is a rank too: a sample leaves if
/// its rank is at least that; values.size() is "off".
struct Ranks {
    std::vector<float> values;
    std::vector<int> of;     ///< (N) rank of each sample
    std::vector<int> order;  ///< (N) samples by rank
    std::vector<int> begin;  ///< first position in `order` of each rank, and N

    int off() const { return static_cast<int>(values.size()); }
    std::span<const int> samples(int rank) const {
        const auto r = static_cast<std::size_t>(rank);
        return std::span(order).subspan(static_cast<std::size_t>(begin[r]),
                                        static_cast<std::size_t>(begin[r + 1] - begin[r]));
    }
};

/// A table made ready: ranks of the early exits, and who is right where.
struct RankedTable {
    int samples = 0;
    std::vector<Ranks> early;                     ///< (E - 1)
    std::vector<std::vector<signed char>> right;  ///< (E, N) 0 or 1
    std::span<const double> cost;

    int change(std::size_t n, std::size_t from, std::size_t to) const { return right[to][n] - right[from][n]; }
    int correct_at_first() const { return std::accumulate(right[0].begin(), right[0].end(), 0); }
    /// The first exit from `first` on that sample n takes under the thresholds `ranks` (E - 1).
    std::size_t leaves(std::size_t n, std::size_t first, const std::vector<int>& ranks) const {
        while (first < ranks.size() && early[first].of[n] < ranks[first]) ++first;
        return first;
    }
};

RankedTable ranked(const ExitView& view, std::span<const double> cost);

/// A threshold vector and what it does: exact integers.
struct Candidate {
    std::vector<int> ranks;  ///< (E - 1)
    std::vector<int> taken;  ///< (E) samples that leave at each exit
    int correct = 0;
    double cost = std::numeric_limits<double>::infinity();  ///< mean
};

/// A candidate's thresholds; one that is off is nothing.
Thresholds thresholds_of(const RankedTable& table, const Candidate& candidate);

/// For each number of correct samples the cheapest candidate seen; of equal ones the first.
class CandidatePool {
  public:
    explicit CandidatePool(const RankedTable& table)
        : cost_(table.cost), place_(static_cast<std::size_t>(table.samples) + 1, -1) {}

    void offer(const Candidate& candidate);
    std::vector<Candidate> front() const;  ///< cheapest first

  private:
    std::span<const double> cost_;
    std::vector<int> place_;  ///< in `best_`, by number of correct samples; -1 = none seen
    std::vector<Candidate> best_;
};

}  // namespace nachos::policy
