#pragma once

#include "policy/threshold_grid.h"

namespace nachos::policy {

/// Steps of threshold_front(), which best_vector's search takes too.

/// Offers, for each number of correct samples, the cheapest vector of the grid.
void offer_grid(const Grid& grid, const RankedTable& table, CandidatePool& pool);

/// Walks from each point of the pool's front.
void refine(const RankedTable& table, const RankLists& ranks, CandidatePool& pool);

std::vector<FrontPoint> front_points(const RankedTable& table, const std::vector<Candidate>& candidates);

}  // namespace nachos::policy
