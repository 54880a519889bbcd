#include "optimize/pareto.h"

#include "core/rng.h"
#include "optimize/crowding.h"

#include <gtest/gtest.h>
#include <pagmo/utils/hypervolume.hpp>
#include <pagmo/utils/multi_objective.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

namespace nachos::optimize {
namespace {

/// On a small lattice, so that equal points and equal coordinates occur.
std::vector<Objectives> random_points(core::Rng& rng, int count, int side) {
    std::vector<Objectives> points;
    for (int i = 0; i < count; ++i)
        points.push_back({static_cast<double>(rng.between(0, side)), static_cast<double>(rng.between(0, side))});
    return points;
}

bool dominates(const Objectives& a, const Objectives& b) { return a[0] <= b[0] && a[1] <= b[1] && a != b; }

/// By definition: points that nobody left dominates get the next rank and leave.
std::vector<int> brute_ranks(const std::vector<Objectives>& points) {
    std::vector<int> ranks(points.size(), -1);
    for (int rank = 0; std::count(ranks.begin(), ranks.end(), -1) > 0; ++rank) {
        std::vector<std::size_t> peeled;
        for (std::size_t i = 0; i < points.size(); ++i) {
            bool free = ranks[i] < 0;
            for (std::size_t j = 0; j < points.size(); ++j)
                free = free && !(ranks[j] < 0 && dominates(points[j], points[i]));
            if (free) peeled.push_back(i);
        }
        for (const std::size_t i : peeled) ranks[i] = rank;
    }
    return ranks;
}

TEST(Pareto, RanksEqualBruteForce) {
    core::Rng rng(1);
    for (int trial = 0; trial < 200; ++trial) {
        const auto points = random_points(rng, rng.between(0, 25), rng.between(1, 12));
        EXPECT_EQ(non_dominated_ranks(points), brute_ranks(points));
    }
}

TEST(Pareto, FrontIsRankZeroWithoutRepeats) {
    core::Rng rng(2);
    for (int trial = 0; trial < 200; ++trial) {
        const auto points = random_points(rng, rng.between(0, 25), rng.between(1, 12));
        const auto ranks = brute_ranks(points);
        std::set<Objectives> wanted;
        for (std::size_t i = 0; i < points.size(); ++i)
            if (ranks[i] == 0) wanted.insert(points[i]);
        const auto front = front_2d(points);
        std::vector<Objectives> got;
        for (const int i : front) {
            got.push_back(points[static_cast<std::size_t>(i)]);
            EXPECT_EQ(std::find(points.begin(), points.end(), got.back()) - points.begin(), i);  // the first of equal ones
        }
        EXPECT_EQ(got, std::vector<Objectives>(wanted.begin(), wanted.end()));
    }
}

TEST(Pareto, CrowdingByHand) {
    // Two objectives over [0, 4] and [0, 8]: the middle point's neighbours span 3/4 and 6/8.
    const auto d = crowding_distances({{1, 4}, {0, 8}, {3, 2}, {4, 0}});
    EXPECT_NEAR(d[0], 3.0 / 4 + 6.0 / 8, 1e-12);
    EXPECT_TRUE(std::isinf(d[1]));
    EXPECT_NEAR(d[2], 3.0 / 4 + 4.0 / 8, 1e-12);
    EXPECT_TRUE(std::isinf(d[3]));
}

TEST(Pareto, CrowdingOfRepeatsIsZero) {
    const double inf = std::numeric_limits<double>::infinity();
    EXPECT_EQ(crowding_distances({{1, 1}, {1, 1}, {1, 1}}), (std::vector<double>{inf, 0, 0}));
    EXPECT_EQ(crowding_distances({{2, 2}}), (std::vector<double>{inf}));
    EXPECT_TRUE(crowding_distances({}).empty());
}

/// A front without repeats: second objective falling in the first.
std::vector<Objectives> random_front(core::Rng& rng, int count) {
    std::vector<Objectives> front;
    double x = 0, y = 100;
    for (int i = 0; i < count; ++i) front.push_back({x += 0.1 + rng.uniform(), y -= 0.1 + rng.uniform()});
    rng.shuffle(std::span(front));
    return front;
}

TEST(Pareto, CrowdingEqualsPagmos) {
    core::Rng rng(6);
    for (int trial = 0; trial < 50; ++trial) {
        const auto front = random_front(rng, rng.between(2, 20));
        const auto own = crowding_distances(front);
        const auto theirs = pagmo::crowding_distance(front);
        for (std::size_t i = 0; i < front.size(); ++i)
            EXPECT_TRUE(own[i] == theirs[i] || std::abs(own[i] - theirs[i]) < 1e-12) << own[i] << " " << theirs[i];
    }
}

TEST(Pareto, RanksAndHypervolumeEqualPagmos) {
    core::Rng rng(8);
    for (int trial = 0; trial < 50; ++trial) {
        std::vector<Objectives> points;
        for (int i = rng.between(2, 200); i > 0; --i) points.push_back({rng.uniform(), rng.uniform()});
        const auto theirs = std::get<3>(pagmo::fast_non_dominated_sorting(points));
        EXPECT_EQ(non_dominated_ranks(points), std::vector<int>(theirs.begin(), theirs.end()));
        EXPECT_NEAR(hypervolume_2d(points, {1, 1}), pagmo::hypervolume(points).compute({1, 1}), 1e-12);
    }
}

TEST(Crowding, LeavingPointsChangeTheDistancesOfTheirNeighbours) {
    core::Rng rng(7);
    for (int trial = 0; trial < 50; ++trial) {
        auto front = random_front(rng, 12);
        // Ranges stay those of the whole front as long as its ends do.
        Crowding crowding(front);
        for (int left = 12; left > 2; --left) {
            const int leaves = crowding.most_crowded();
            EXPECT_FALSE(std::isinf(crowding.distances()[static_cast<std::size_t>(leaves)]));
            crowding.remove(leaves);
            std::vector<Objectives> rest;
            for (const int i : crowding.present()) rest.push_back(front[static_cast<std::size_t>(i)]);
            const auto anew = crowding_distances(rest);
            for (std::size_t k = 0; k < rest.size(); ++k) {
                const double own = crowding.distances()[static_cast<std::size_t>(crowding.present()[k])];
                EXPECT_TRUE(own == anew[k] || std::abs(own - anew[k]) < 1e-12);
            }
        }
    }
}

TEST(Crowding, RepeatsLeaveFirst) {
    Crowding crowding({{0, 2}, {1, 1}, {1, 1}, {2, 0}, {0, 2}});
    crowding.remove(crowding.most_crowded());
    crowding.remove(crowding.most_crowded());
    EXPECT_EQ(crowding.present(), (std::vector<int>{0, 1, 3}));
}

TEST(Pareto, HypervolumeByHand) {
    EXPECT_NEAR(hypervolume_2d({{0.2, 0.5}, {0.6, 0.1}}, {1, 1}), 0.8 * 0.5 + 0.4 * 0.4, 1e-12);
    EXPECT_EQ(hypervolume_2d({}, {1, 1}), 0);
    EXPECT_EQ(hypervolume_2d({{1, 0}, {0.5, 1}, {2, 2}}, {1, 1}), 0);  // on the border or outside
}

TEST(Pareto, HypervolumeEqualsACountOfCells) {
    core::Rng rng(3);
    for (int trial = 0; trial < 100; ++trial) {
        const int side = 12;
        const auto points = random_points(rng, rng.between(1, 15), side + 2);
        int cells = 0;
        for (int x = 0; x < side; ++x)
            for (int y = 0; y < side; ++y)
                cells += std::any_of(points.begin(), points.end(), [&](const auto& p) { return p[0] <= x && p[1] <= y; });
        EXPECT_NEAR(hypervolume_2d(points, {side, side}), cells, 1e-9);
    }
}

}  // namespace
}  // namespace nachos::optimize
