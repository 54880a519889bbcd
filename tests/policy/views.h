#pragma once

#include "core/rng.h"
#include "policy/thresholds.h"

#include <cmath>
#include <set>
#include <vector>

namespace nachos::policy {

/// A random view; confidences are multiples of 1 / levels, so that ties occur.
inline ExitView random_view(core::Rng& rng, int samples, int exits, int levels, int classes = 3) {
    ExitView view{.samples = samples, .exits = exits, .labels = {}, .predictions = {}, .confidences = {}};
    for (int n = 0; n < samples; ++n) {
        view.labels.push_back(rng.between(0, classes - 1));
        for (int i = 0; i < exits; ++i) {
            view.predictions.push_back(rng.between(0, classes - 1));
            const float confidence = static_cast<float>(rng.between(0, levels)) / static_cast<float>(levels);
            view.confidences.push_back(i + 1 == exits ? 1.0F : confidence);
        }
    }
    return view;
}

/// Positive, rising, whole numbers.
inline std::vector<double> random_costs(core::Rng& rng, int exits) {
    std::vector<double> cost;
    for (int i = 0; i < exits; ++i) cost.push_back((cost.empty() ? 0 : cost.back()) + rng.between(1, 1000));
    return cost;
}

/// Every threshold vector of all distinct values and "off", run sample by sample.
inline std::vector<OperatingPoint> every_point(const ExitView& view, std::span<const double> cost) {
    std::vector<Thresholds> vectors{{}};
    for (int i = 0; i + 1 < view.exits; ++i) {
        std::set<float> values;
        for (int n = 0; n < view.samples; ++n) values.insert(view.confidence(n, i));
        std::vector<Thresholds> longer;
        for (const Thresholds& t : vectors) {
            longer.push_back(t);
            longer.back().push_back(std::nullopt);
            for (const float v : values) {
                longer.push_back(t);
                longer.back().push_back(v);
            }
        }
        vectors = longer;
    }
    std::vector<OperatingPoint> points;
    for (const Thresholds& t : vectors) points.push_back(apply(view, t, cost));
    return points;
}

/// Whether a is better than b in accuracy or average cost, and in neither worse.
inline constexpr auto beats = [](const auto& a, const auto& b) {
    return a.accuracy >= b.accuracy && a.avg_cost <= b.avg_cost && (a.accuracy > b.accuracy || a.avg_cost < b.avg_cost);
};

/// Ten classes; hard samples are wrong more often and less sure, later exits are better, and
/// confidence says something about being right, not all.
inline ExitView realistic_view(std::uint64_t seed, int samples, int exits) {
    core::Rng rng(seed);
    ExitView view{.samples = samples, .exits = exits, .labels = {}, .predictions = {}, .confidences = {}};
    for (int n = 0; n < view.samples; ++n) {
        view.labels.push_back(rng.between(0, 9));
        const double ease = rng.normal();
        for (int i = 0; i < view.exits; ++i) {
            const double score = 0.5 + 1.5 * ease + 0.7 * i;
            const bool right = rng.chance(1 / (1 + std::exp(-score)));
            const double sure = 1 / (1 + std::exp(-(0.7 * score + (right ? 0.8 : -0.8) + 0.7 * rng.normal())));
            view.predictions.push_back(right ? view.labels.back() : (view.labels.back() + rng.between(1, 9)) % 10);
            view.confidences.push_back(i + 1 == view.exits ? 1.0F : static_cast<float>(sure));
        }
    }
    return view;
}

}  // namespace nachos::policy
