#include "search/predictor.h"

#include "core/parallel.h"

#include <algorithm>
#include <cmath>

namespace nachos::search {
namespace {

using policy::OperatingPoint;
using Costs = study::ArchCosts;

constexpr std::size_t kMostRows = 400;  // fitted: models cost up to n^3
constexpr int kFolds = 5;               // of the comparison, twice as fast as the published ten
constexpr double kGrowth = 1.25;        // of the archive, before candidates are compared anew

double log_cost(double cost) { return std::log(std::max(cost, 1e-3)); }  // a nanosecond

/// What a sample costs that leaves at the first, or at the last exit.
double least_cost(const Costs& costs, study::CostUnit unit) {
    return unit == study::CostUnit::macs ? static_cast<double>(costs.executed_macs.front()) : costs.latency_us.front();
}

double full_cost(const Costs& costs, study::CostUnit unit) {
    return unit == study::CostUnit::macs ? static_cast<double>(costs.executed_macs.back()) : costs.latency_us.back();
}

/// The best point within each budget, nothing below the first: index = budget.
std::vector<const OperatingPoint*> by_budget(const study::Evaluation& evaluation, std::size_t budgets) {
    std::vector<const OperatingPoint*> best(budgets, nullptr);
    for (const study::CurvePoint& p : evaluation.curve) best[static_cast<std::size_t>(p.budget_index)] = &p.point;
    for (std::size_t b = 1; b < budgets; ++b)
        if (best[b] == nullptr) best[b] = best[b - 1];
    return best;
}

/// One row of what is learnt.
struct Lesson {
    int group = 0;  ///< index of the evaluation
    int budget_index = 0;
    const OperatingPoint* point = nullptr;
};

std::vector<Lesson> lessons(std::span<const study::Evaluation> archive, std::size_t budgets, Operating operating) {
    std::vector<Lesson> all;
    for (std::size_t e = 0; e < archive.size(); ++e) {
        const auto points = by_budget(archive[e], budgets);
        const std::size_t first = operating == Operating::every_budget ? 0 : budgets - 1;
        for (std::size_t b = first; b < budgets; ++b)
            if (points[b] != nullptr) all.push_back({static_cast<int>(e), static_cast<int>(b), points[b]});
    }
    return all;
}

/// At most kMostRows, drawn evenly: of each evaluation in turn one more, until there are enough.
std::vector<Lesson> sampled(std::vector<Lesson> all, core::Rng rng) {
    if (all.size() <= kMostRows) return all;
    rng.shuffle(std::span(all));
    std::vector<std::pair<int, Lesson>> turns;
    std::vector<int> taken;
    for (const Lesson& lesson : all) {
        const auto group = static_cast<std::size_t>(lesson.group);
        if (group >= taken.size()) taken.resize(group + 1, 0);
        turns.emplace_back(taken[group]++, lesson);
    }
    std::stable_sort(turns.begin(), turns.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    turns.resize(kMostRows);
    all.clear();
    for (const auto& [turn, lesson] : turns) all.push_back(lesson);
    std::sort(all.begin(), all.end(), [](const Lesson& a, const Lesson& b) {
        return std::pair(a.group, a.budget_index) < std::pair(b.group, b.budget_index);
    });
    return all;
}

}  // namespace

Predictor::Predictor(const SearchProblem& problem, const SearchOptions& options, Operating operating)
    : problem_(problem),
      options_(options),
      operating_(operating),
      encoding_(problem.space, problem.costs, {.one_hot = options.one_hot, .costs = options.cost_features}) {
    add_figures();
}

void Predictor::add_figures() {
    const optimize::SwitchingOptions switching{.folds = kFolds,
                                               .only = options_.surrogate == "adaptive" ? "" : options_.surrogate};
    const auto add = [&](auto read, auto write) {
        figures_.push_back({read, write, optimize::AdaptiveSwitching(switching)});
    };
    add([](const OperatingPoint& p, const Costs&, double) { return 1 - p.accuracy; },
        [](PredictedPoint& p, double v, double) { p.point.accuracy = 1 - std::clamp(v, 0.0, 1.0); });
    const bool macs = problem_.unit == study::CostUnit::macs;
    const auto read_macs = [](const OperatingPoint& p, const Costs&, double spendable) {
        return log_cost(p.avg_cost) - std::log(spendable);
    };
    const auto read_us = [](const OperatingPoint& p, const Costs& c, double spendable) {
        return log_cost(study::avg_latency_us(c.latency_us, p)) - std::log(spendable);
    };
    const auto write_cost = [](PredictedPoint& p, double v, double spendable) { p.cost = spendable * std::exp(v); };
    if (macs)
        add(read_macs, write_cost);
    else
        add(read_us, write_cost);
    if (!macs && problem_.limits.max_avg_macs)
        add([](const OperatingPoint& p, const Costs&, double) { return log_cost(p.avg_cost); },
            [](PredictedPoint& p, double v, double) { p.point.avg_cost = std::exp(v); });
    if (problem_.limits.max_p95_macs)
        add([](const OperatingPoint& p, const Costs&, double) { return log_cost(p.p95_cost); },
            [](PredictedPoint& p, double v, double) { p.point.p95_cost = std::exp(v); });
    if (macs && problem_.limits.max_avg_latency_us)
        add([](const OperatingPoint& p, const Costs& c, double) { return std::log(study::avg_latency_us(c.latency_us, p)); },
            [](PredictedPoint& p, double v, double) { p.avg_latency_us = std::exp(v); });
    if (problem_.limits.min_class_accuracy)
        add([](const OperatingPoint& p, const Costs&, double) { return p.min_class_accuracy; },
            [](PredictedPoint& p, double v, double) { p.point.min_class_accuracy = std::clamp(v, 0.0, 1.0); });
}

double Predictor::spendable(const study::ArchCosts& costs, int budget_index) const {
    if (operating_ == Operating::dearest_budget) return 1;  // the cost itself is learnt, as published
    return std::min(problem_.budgets[static_cast<std::size_t>(budget_index)], full_cost(costs, problem_.unit));
}

std::vector<double> Predictor::row(const std::vector<double>& encoded, const study::ArchCosts& costs,
                                   int budget_index) const {
    std::vector<double> row = encoded;
    if (operating_ == Operating::dearest_budget) return row;
    const double budget = std::log(problem_.budgets[static_cast<std::size_t>(budget_index)]);
    row.push_back(budget);
    row.push_back(std::log(spendable(costs, budget_index)));
    row.push_back(budget - log_cost(least_cost(costs, problem_.unit)));
    return row;
}

bool Predictor::fit(std::span<const study::Evaluation> archive, core::Rng rng) {
    const auto taught = sampled(lessons(archive, problem_.budgets.size(), operating_), rng.stream("rows"));
    if (taught.size() < 2) return false;
    optimize::Rows rows;
    std::vector<int> groups;
    std::vector<double> encoded, spent;
    for (const Lesson& lesson : taught) {
        const study::Evaluation& evaluation = archive[static_cast<std::size_t>(lesson.group)];
        if (groups.empty() || groups.back() != lesson.group) encoded = encoding_(evaluation.arch);
        rows.push_back(row(encoded, evaluation.costs, lesson.budget_index));
        groups.push_back(lesson.group);
        spent.push_back(spendable(evaluation.costs, lesson.budget_index));
    }
    const bool compare = static_cast<double>(archive.size()) >= kGrowth * static_cast<double>(compared_);
    const auto fit_figure = [&](int index) {
        Figure& figure = figures_[static_cast<std::size_t>(index)];
        std::vector<double> values;
        for (std::size_t i = 0; i < taught.size(); ++i) {
            const study::ArchCosts& costs = archive[static_cast<std::size_t>(taught[i].group)].costs;
            values.push_back(figure.read(*taught[i].point, costs, spent[i]));
        }
        const core::Rng own = rng.stream("figure", static_cast<std::uint64_t>(index));
        if (compare)
            figure.model.fit(rows, values, groups, own);
        else
            figure.model.refit(rows, values, own);
    };
    const auto count = static_cast<int>(figures_.size());
    core::for_each_index(count, count, fit_figure);  // each on a thread of its own
    if (compare) compared_ = archive.size();
    return true;
}

void Predictor::finish(PredictedPoint& predicted, const study::ArchCosts& costs, int budget_index) const {
    OperatingPoint& point = predicted.point;
    const double least = least_cost(costs, problem_.unit);
    point.worst_cost = static_cast<double>(costs.executed_macs.back());
    double most = full_cost(costs, problem_.unit);
    double unreachable = 0;  // no thresholds bring the average below the first exit's cost
    if (operating_ == Operating::every_budget) {
        const double budget = problem_.budgets[static_cast<std::size_t>(budget_index)];
        most = std::min(most, budget);
        unreachable = std::max(0.0, least / budget - 1);
    }
    predicted.cost = std::clamp(predicted.cost, least, std::max(least, most));
    if (problem_.unit == study::CostUnit::macs)
        point.avg_cost = predicted.cost;
    else
        predicted.avg_latency_us = predicted.cost;
    if (predicted.avg_latency_us)
        predicted.avg_latency_us = std::clamp(*predicted.avg_latency_us, costs.latency_us.front(), costs.latency_us.back());
    const auto violation = [&](const study::Limits& limits) {
        return unreachable + study::total_violation(study::violations(limits, costs, point, predicted.avg_latency_us));
    };
    study::Limits beside_accuracy = problem_.limits;
    beside_accuracy.min_accuracy.reset();
    predicted.violation = violation(problem_.limits);
    predicted.violation_beside_accuracy = violation(beside_accuracy);
}

std::vector<PredictedPoint> Predictor::predict(std::span<const Asked> asked) const {
    optimize::Rows rows;
    std::vector<study::ArchCosts> costs;
    std::vector<double> encoded;
    for (std::size_t i = 0; i < asked.size(); ++i) {
        if (i == 0 || !(asked[i].spec == asked[i - 1].spec)) encoded = encoding_(asked[i].spec);
        costs.push_back(i > 0 && asked[i].spec == asked[i - 1].spec ? costs.back() : problem_.costs(asked[i].spec));
        rows.push_back(row(encoded, costs.back(), asked[i].budget_index));
    }
    std::vector<PredictedPoint> points(asked.size());
    for (std::size_t f = 0; f < figures_.size(); ++f) {
        const auto predicted = figures_[f].model.predict(rows);
        for (std::size_t i = 0; i < asked.size(); ++i) {
            figures_[f].write(points[i], predicted[i].mean, spendable(costs[i], asked[i].budget_index));
            if (f == 0) points[i].error_deviation = predicted[i].deviation;
        }
    }
    for (std::size_t i = 0; i < asked.size(); ++i) finish(points[i], costs[i], asked[i].budget_index);
    return points;
}

std::vector<std::vector<PredictedPoint>> Predictor::curves(std::span<const arch::ArchSpec> specs) const {
    const std::size_t each = operating_ == Operating::every_budget ? problem_.budgets.size() : 1;
    std::vector<Asked> asked;
    for (const arch::ArchSpec& spec : specs)
        for (std::size_t b = 0; b < each; ++b) asked.push_back({spec, static_cast<int>(b)});
    const std::vector<PredictedPoint> points = predict(asked);
    std::vector<std::vector<PredictedPoint>> curves;
    for (std::size_t s = 0; s < specs.size(); ++s)
        curves.emplace_back(points.begin() + static_cast<std::ptrdiff_t>(s * each),
                            points.begin() + static_cast<std::ptrdiff_t>((s + 1) * each));
    return curves;
}

SurrogateQuality Predictor::quality() const {
    const optimize::SurrogateErrors& error = figures_[0].model.chosen();
    const optimize::SurrogateErrors& cost = figures_[1].model.chosen();
    return {error.name, error.kendall, error.rmse, cost.name, cost.kendall, cost.rmse};
}

}  // namespace nachos::search
