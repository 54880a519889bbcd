#include "policy/vector_score.h"

#include "core/error.h"
#include "policy/exit_counts.h"

#include <cmath>
#include <map>

namespace nachos::policy {
namespace {

void require_cost(const char* name, const std::optional<double>& limit) {
    require(!limit || (*limit > 0 && std::isfinite(*limit)), ErrorKind::usage,
            "{} is {}, a finite number above 0 is required", name, limit.value_or(0));
}

void require_share(const char* name, const std::optional<double>& limit) {
    require(!limit || (*limit >= 0 && *limit <= 1), ErrorKind::usage, "{} is {}, allowed are 0 to 1", name,
            limit.value_or(0));
}

}  // namespace

ClassIndex class_index(const ExitView& view) {
    ClassIndex index;
    std::map<std::int32_t, int> number;
    for (const std::int32_t label : view.labels) number.emplace(label, 0);
    for (auto& [label, own] : number) {
        own = static_cast<int>(index.samples.size());
        index.samples.emplace_back();
    }
    for (int n = 0; n < view.samples; ++n) {
        index.of.push_back(number.at(view.labels[static_cast<std::size_t>(n)]));
        index.samples[static_cast<std::size_t>(index.of.back())].push_back(n);
    }
    return index;
}

void check(const ThresholdLimits& limits) {
    require_cost("max_avg_cost", limits.max_avg_cost);
    require_cost("max_p95_cost", limits.max_p95_cost);
    require_share("min_accuracy", limits.min_accuracy);
    require_share("min_class_accuracy", limits.min_class_accuracy);
    require(!limits.confidence || (*limits.confidence >= 0.5 && *limits.confidence < 1), ErrorKind::usage,
            "confidence is {}, allowed are 0.5 to below 1", limits.confidence.value_or(0));
}

Scorer::Scorer(const ThresholdLimits& limits, std::span<const double> cost, int samples)
    : limits_(limits), cost_(cost), samples_(samples) {
    check(limits);
    const bool has_cost_limit = limits.max_avg_cost || limits.max_p95_cost;
    cheapest_ = !has_cost_limit && (limits.min_accuracy || limits.min_class_accuracy);
    if (limits.confidence) z_ = core::normal_quantile(*limits.confidence);
}

template <class Found>
void Scorer::each_broken(const Candidate& candidate, double mean, double worst_class, Found found) const {
    const auto at_most = [&](const char* name, double got, const std::optional<double>& allowed) {
        if (allowed && !(got <= *allowed)) found(name, got, *allowed);
    };
    const auto at_least = [&](const char* name, double got, const std::optional<double>& allowed) {
        if (allowed && !(got >= *allowed)) found(name, got, *allowed);
    };
    const bool bound = limits_.max_avg_cost && limits_.confidence;
    at_most("max_avg_cost", bound ? mean_cost_upper(candidate.taken, cost_, z_) : mean, limits_.max_avg_cost);
    if (limits_.max_p95_cost) at_most("max_p95_cost", p95_cost(candidate.taken, cost_), limits_.max_p95_cost);
    at_least("min_accuracy", static_cast<double>(candidate.correct) / samples_, limits_.min_accuracy);
    at_least("min_class_accuracy", worst_class, limits_.min_class_accuracy);
}

Score Scorer::score(const Candidate& candidate, double worst_class) const {
    const double mean = mean_cost(candidate.taken, cost_);
    Score score{.violation = 0, .first = -static_cast<double>(candidate.correct), .second = mean};
    if (cheapest_) std::swap(score.first, score.second);
    each_broken(candidate, mean, worst_class, [&](const char*, double got, double allowed) {
        score.violation += std::abs(got - allowed) / allowed;  // what can be broken is above 0
    });
    return score;
}

std::vector<BrokenLimit> Scorer::broken(const Candidate& candidate, double worst_class) const {
    std::vector<BrokenLimit> all;
    const double mean = mean_cost(candidate.taken, cost_);
    each_broken(candidate, mean, worst_class, [&](const char* name, double got, double allowed) {
        all.push_back({name, got, allowed});
    });
    return all;
}

}  // namespace nachos::policy
