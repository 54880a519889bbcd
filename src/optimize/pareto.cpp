#include "optimize/pareto.h"

#include "optimize/crowding.h"

#include <pagmo/utils/hypervolume.hpp>
#include <pagmo/utils/multi_objective.hpp>

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>

namespace nachos::optimize {
namespace {

/// Points in order of both objectives: a front's last member has its least second objective so far, and those least values
/// ascend from front to front, so the first front that does not dominate a point is found by bisection.
std::vector<int> ranks_2d(const std::vector<Objectives>& points) {
    std::vector<int> order(points.size());
    std::iota(order.begin(), order.end(), 0);
    const auto at = [&](int i) -> const Objectives& { return points[static_cast<std::size_t>(i)]; };
    std::sort(order.begin(), order.end(),
              [&](int a, int b) { return at(a)[0] != at(b)[0] ? at(a)[0] < at(b)[0] : at(a)[1] < at(b)[1]; });
    std::vector<int> ranks(points.size(), 0);
    std::vector<double> least;  // second objective, per front
    int before = -1;
    for (const int i : order) {
        const auto own = static_cast<std::size_t>(i);
        if (before >= 0 && at(before) == at(i)) {
            ranks[own] = ranks[static_cast<std::size_t>(before)];
        } else {
            const auto front = std::upper_bound(least.begin(), least.end(), at(i)[1]);
            ranks[own] = static_cast<int>(front - least.begin());
            if (front == least.end())
                least.push_back(at(i)[1]);
            else
                *front = at(i)[1];
        }
        before = i;
    }
    return ranks;
}

}  // namespace

std::vector<int> non_dominated_ranks(const std::vector<Objectives>& points) {
    if (points.size() < 2) return std::vector<int>(points.size(), 0);  // pagmo refuses fewer
    if (points.front().size() == 2) return ranks_2d(points);
    const auto ranks = std::get<3>(pagmo::fast_non_dominated_sorting(points));
    return {ranks.begin(), ranks.end()};
}

std::vector<int> front_2d(const std::vector<Objectives>& points) {
    std::map<Objectives, int> first;  // of each distinct point that is on the front
    for (const auto i : pagmo::non_dominated_front_2d(points)) {
        const auto [entry, fresh] = first.try_emplace(points[i], static_cast<int>(i));
        if (!fresh) entry->second = std::min(entry->second, static_cast<int>(i));
    }
    std::vector<int> front;
    for (const auto& [point, index] : first) front.push_back(index);
    return front;
}

std::vector<double> crowding_distances(const std::vector<Objectives>& front) { return Crowding(front).distances(); }

double hypervolume_2d(const std::vector<Objectives>& points, const Objectives& reference) {
    std::vector<Objectives> below;
    std::copy_if(points.begin(), points.end(), std::back_inserter(below),
                 [&](const Objectives& p) { return p[0] < reference[0] && p[1] < reference[1]; });
    return below.empty() ? 0 : pagmo::hypervolume(below).compute(reference);
}

}  // namespace nachos::optimize
