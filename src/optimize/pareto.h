#pragma once

#include <vector>

namespace nachos::optimize {

/// Objectives of one point, all minimised.
using Objectives = std::vector<double>;

/// Non-domination rank of each point, 0 = best (Deb et al. 2002, section III-A). Two finite objectives. O(N log N): one
/// sweep (Jensen 2003).
std::vector<int> non_dominated_ranks(const std::vector<Objectives>& points);

/// Indices of the points that no other dominates, ascending in the first objective; of equal points the first one only. Two
/// finite objectives. O(N log N).
std::vector<int> front_2d(const std::vector<Objectives>& points);

/// Crowding distance of each point of one front (Deb et al. 2002, section III-B); infinite at the ends, 0 for a point that
/// repeats another. O(M N log N).
std::vector<double> crowding_distances(const std::vector<Objectives>& front);

/// Area that the points dominate below `reference` (Zitzler and Thiele 1998). Two objectives; points that are not below the
/// reference in both add nothing. O(N log N).
double hypervolume_2d(const std::vector<Objectives>& points, const Objectives& reference);

}  // namespace nachos::optimize
