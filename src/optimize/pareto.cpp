#include "optimize/pareto.h"

#include <pagmo/utils/hypervolume.hpp>
#include <pagmo/utils/multi_objective.hpp>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <tuple>

// pagmo refuses fewer than two points, and divides 0 by 0 where all points of a front are equal; the rest is its own.
namespace nachos::optimize {

std::vector<int> non_dominated_ranks(const std::vector<Objectives>& points) {
    if (points.size() < 2) return std::vector<int>(points.size(), 0);
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

std::vector<double> crowding_distances(const std::vector<Objectives>& front) {
    std::map<Objectives, double> distinct;
    for (const Objectives& point : front) distinct.try_emplace(point, std::numeric_limits<double>::infinity());
    std::vector<Objectives> points;
    for (const auto& [point, distance] : distinct) points.push_back(point);
    if (points.size() > 1) {
        const auto distances = pagmo::crowding_distance(points);
        for (std::size_t i = 0; i < points.size(); ++i) distinct[points[i]] = distances[i];
    }
    std::vector<double> all;
    for (const Objectives& point : front) all.push_back(std::exchange(distinct[point], 0));
    return all;
}

double hypervolume_2d(const std::vector<Objectives>& points, const Objectives& reference) {
    std::vector<Objectives> below;
    std::copy_if(points.begin(), points.end(), std::back_inserter(below),
                 [&](const Objectives& p) { return p[0] < reference[0] && p[1] < reference[1]; });
    return below.empty() ? 0 : pagmo::hypervolume(below).compute(reference);
}

}  // namespace nachos::optimize
