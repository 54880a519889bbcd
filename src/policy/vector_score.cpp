#include "policy/vector_score.h"

#include "core/error.h"
#include "policy/exit_counts.h"

#include <algorithm>
#include <cmath>

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

/// What a limit adds to the violation.
double excess(double got, double allowed) { return std::abs(got - allowed) / allowed; }  // what can be broken is above 0

/// The least number of right samples out of `samples` that adds no more than `violation`.
int least_right(int samples, const std::optional<double>& limit, double violation) {
    if (!limit) return 0;
    const auto too_few = [&](int right) {
        const double share = right / static_cast<double>(samples);
        return !(share >= *limit) && excess(share, *limit) > violation;
    };
    auto right = static_cast<int>(samples * *limit * std::max(0.0, 1 - violation));  // but for rounding
    while (right > 0 && !too_few(right - 1)) --right;
    while (too_few(right)) ++right;
    return right;
}

}  // namespace

void check(const ThresholdLimits& limits) {
    require_cost("max_avg_cost", limits.max_avg_cost);
    require_cost("max_p95_cost", limits.max_p95_cost);
    require_share("min_accuracy", limits.min_accuracy);
    require_share("min_class_accuracy", limits.min_class_accuracy);
    require(!limits.confidence || (*limits.confidence >= 0.5 && *limits.confidence < 1), ErrorKind::usage,
            "confidence is {}, allowed are 0.5 to below 1", limits.confidence.value_or(0));
}

Scorer::Scorer(const ThresholdLimits& limits, std::span<const double> cost, int samples, const ClassIndex& classes)
    : limits_(limits), cost_(cost), samples_(samples) {
    check(limits);
    for (const auto& own : classes.samples) class_samples_.push_back(static_cast<int>(own.size()));
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
    each_broken(candidate, mean, worst_class,
                [&](const char*, double got, double allowed) { score.violation += excess(got, allowed); });
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

double Scorer::worst_class(std::span<const int> rights) const {
    double worst = 1;
    for (std::size_t c = 0; c < rights.size(); ++c)
        worst = std::min(worst, rights[c] / static_cast<double>(class_samples_[c]));
    return worst;
}

/// No limit may add more than the best one's whole violation; among admissible vectors the second criterion counts too.
Needs Scorer::needs(const Score& best) const {
    Needs needs{.correct = least_right(samples_, limits_.min_accuracy, best.violation),
                .most_cost = most_cost(best),
                .late_exit = late_exit(best),
                .most_late = samples_ / 20,
                .class_right = {}};
    if (best.violation == 0 && !cheapest_) needs.correct = std::max(needs.correct, static_cast<int>(-best.first));
    for (const int samples : class_samples_)
        needs.class_right.push_back(least_right(samples, limits_.min_class_accuracy, best.violation));
    return needs;
}

/// The bound of the mean is not below it. A last bit of rounding is left room for.
double Scorer::most_cost(const Score& best) const {
    constexpr double kRoom = 1 + 1e-9;
    if (cheapest_ && best.violation == 0) return best.first * kRoom;
    if (!limits_.max_avg_cost) return std::numeric_limits<double>::infinity();
    return *limits_.max_avg_cost * (1 + best.violation) * kRoom;
}

/// The first exit that the 95 % cost must not be that of.
std::size_t Scorer::late_exit(const Score& best) const {
    std::size_t exit = 0;
    if (!limits_.max_p95_cost) return cost_.size();
    const double limit = *limits_.max_p95_cost;
    while (exit < cost_.size() && (cost_[exit] <= limit || excess(cost_[exit], limit) <= best.violation)) ++exit;
    return exit;
}

}  // namespace nachos::policy
