#include "search/gap_filling.h"

#include "optimize/pareto.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace nachos::search {
namespace {

using optimize::Objectives;

constexpr double kInside = 1;    // both axes' reference
constexpr double kOptimism = 1;  // deviations below the predicted error that exploration hopes for
constexpr std::array kQuantiles{-1.28, -0.52, 0.0, 0.52, 1.28};  // of the standard normal distribution, equally likely

/// What a candidate's points are measured in, and against.
struct Scale {
    const HypervolumeAxes& axes;
    double most_error;  ///< that min_accuracy allows
};

std::vector<Objectives> scaled(const std::vector<PredictedPoint>& curve, const Scale& scale, double optimism) {
    std::vector<Objectives> points;
    for (const PredictedPoint& p : curve) {
        const double error = std::max(1 - p.point.accuracy - optimism * p.error_deviation, 0.0);
        if (p.violation_beside_accuracy > 0 || error > scale.most_error) continue;
        points.push_back(scaled_point(p.cost, error, scale.axes));
    }
    return points;
}

double with(std::vector<Objectives> front, const std::vector<Objectives>& more) {
    front.insert(front.end(), more.begin(), more.end());
    return optimize::hypervolume_2d(front, {kInside, kInside});
}

/// Hypervolume with one more curve, expected over its errors, which are taken to move together.
double expected(const std::vector<Objectives>& front, const std::vector<PredictedPoint>& curve, const Scale& scale) {
    double sum = 0;
    for (const double quantile : kQuantiles) sum += with(front, scaled(curve, scale, quantile));
    return sum / kQuantiles.size();
}

double uncertainty(const std::vector<PredictedPoint>& curve) {
    double sum = 0;
    for (const PredictedPoint& p : curve) sum += p.error_deviation;
    return sum;
}

}  // namespace

std::vector<int> fill_gaps(std::span<const study::Evaluation> archive, const study::Limits& limits,
                           const HypervolumeAxes& axes, const std::vector<std::vector<PredictedPoint>>& curves,
                           const GapFillingOptions& options) {
    std::vector<Objectives> front = scaled_front(archive, limits, axes);
    const Scale scale{axes, 1 - limits.min_accuracy.value_or(0)};
    std::vector<int> chosen;
    std::vector<bool> taken(curves.size(), false);
    const int size = std::min(options.size, static_cast<int>(curves.size()));
    const int sure = size - static_cast<int>(std::lround(options.exploration * size));
    while (static_cast<int>(chosen.size()) < size) {
        const bool explores = static_cast<int>(chosen.size()) >= sure;
        std::pair<double, double> most{-1, -1};  // gain, uncertainty
        int best = -1;
        for (std::size_t c = 0; c < curves.size(); ++c) {
            if (taken[c]) continue;
            const double volume =
                explores ? with(front, scaled(curves[c], scale, kOptimism)) : expected(front, curves[c], scale);
            const std::pair worth(volume, uncertainty(curves[c]));
            if (best >= 0 && worth <= most) continue;
            most = worth;
            best = static_cast<int>(c);
        }
        taken[static_cast<std::size_t>(best)] = true;
        chosen.push_back(best);
        const auto own = scaled(curves[static_cast<std::size_t>(best)], scale, 0);  // what is expected of it, not hoped
        front.insert(front.end(), own.begin(), own.end());
    }
    return chosen;
}

}  // namespace nachos::search
