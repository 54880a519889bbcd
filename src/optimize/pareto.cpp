#include "optimize/pareto.h"

#include "optimize/crowding.h"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace nachos::optimize {
namespace {

/// Indices in order of the first objective, then of the second, then of place.
std::vector<int> ascending(const std::vector<Objectives>& points) {
    assert(std::all_of(points.begin(), points.end(), [](const Objectives& p) { return p.size() == 2; }));
    std::vector<int> order(points.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
        return points[static_cast<std::size_t>(a)] < points[static_cast<std::size_t>(b)];
    });
    return order;
}

}  // namespace

std::vector<int> non_dominated_ranks(const std::vector<Objectives>& points) {
    // A front's last member has its least second objective so far, and those least values ascend from front to front, so the
    // first front that does not dominate a point is found by bisection.
    std::vector<int> ranks(points.size(), 0);
    std::vector<double> least;  // second objective, per front
    const Objectives* before = nullptr;
    int rank = 0;
    for (const int i : ascending(points)) {
        const auto own = static_cast<std::size_t>(i);
        if (before == nullptr || *before != points[own]) {
            const auto front = std::upper_bound(least.begin(), least.end(), points[own][1]);
            rank = static_cast<int>(front - least.begin());
            if (front == least.end())
                least.push_back(points[own][1]);
            else
                *front = points[own][1];
        }
        ranks[own] = rank;
        before = &points[own];
    }
    return ranks;
}

std::vector<int> front_2d(const std::vector<Objectives>& points) {
    std::vector<int> front;
    for (const int i : ascending(points))
        if (front.empty() || points[static_cast<std::size_t>(i)][1] < points[static_cast<std::size_t>(front.back())][1])
            front.push_back(i);
    return front;
}

std::vector<double> crowding_distances(const std::vector<Objectives>& front) { return Crowding(front).distances(); }

double hypervolume_2d(const std::vector<Objectives>& points, const Objectives& reference) {
    std::vector<Objectives> below;
    std::copy_if(points.begin(), points.end(), std::back_inserter(below),
                 [&](const Objectives& p) { return p[0] < reference[0] && p[1] < reference[1]; });
    double area = 0, ceiling = reference[1];
    for (const int i : front_2d(below)) {  // each adds what lies to its right, between it and the one before
        const Objectives& p = below[static_cast<std::size_t>(i)];
        area += (reference[0] - p[0]) * (ceiling - p[1]);
        ceiling = p[1];
    }
    return area;
}

}  // namespace nachos::optimize
