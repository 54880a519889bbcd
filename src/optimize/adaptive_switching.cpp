#include "optimize/adaptive_switching.h"

#include "core/rank_stats.h"
#include "core/stats.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cmath>
#include <set>

namespace nachos::optimize {
namespace {

using Values = std::vector<double>;

template <class T>
std::vector<T> rows_where(std::span<const T> values, std::span<const int> folds, int fold, bool inside) {
    std::vector<T> chosen;
    for (std::size_t i = 0; i < folds.size(); ++i)
        if ((folds[i] == fold) == inside) chosen.push_back(values[i]);
    return chosen;
}

Values means_of(const std::vector<Prediction>& predictions) {
    Values means;
    for (const Prediction& p : predictions) means.push_back(p.mean);
    return means;
}

Values mean_of(const std::vector<Values>& models) {
    Values mean(models.front().size(), 0);
    for (const Values& own : models)
        for (std::size_t i = 0; i < own.size(); ++i) mean[i] += own[i] / static_cast<double>(models.size());
    return mean;
}

/// What the cross-validation gathers of one candidate.
struct Gathered {
    Values squares, spearman, kendall, seconds;

    void add(const Values& predicted, const Values& measured) {
        const double rmse = core::root_mean_square_error(predicted, measured);
        squares.insert(squares.end(), measured.size(), rmse * rmse);
        spearman.push_back(core::spearman_rho(predicted, measured));
        kendall.push_back(core::kendall_tau(predicted, measured));
    }

    SurrogateErrors errors(const char* name) const {
        return {.name = name,
                .rmse = std::sqrt(core::mean(squares)),
                .spearman = core::mean(spearman),
                .kendall = core::mean(kendall),
                .kendall_deviation = core::standard_deviation(kendall),
                .fit_seconds = seconds.empty() ? 0 : core::median(seconds)};
    }
};

struct Data {
    const Rows& x;
    std::span<const double> y;
};

void validate_fold(const Data& data, std::span<const int> folds, int fold, const core::Rng& rng,
                   std::vector<Gathered>& gathered) {
    const Rows x = rows_where(std::span(data.x), folds, fold, false);
    const Rows asked = rows_where(std::span(data.x), folds, fold, true);
    const Values y = rows_where(data.y, folds, fold, false);
    const Values measured = rows_where(data.y, folds, fold, true);
    std::vector<Values> predicted;
    for (std::size_t s = 0; s < surrogates().size(); ++s) {
        const auto model = surrogates()[s].make();
        const auto start = std::chrono::steady_clock::now();
        model->fit(x, y, rng.stream(surrogates()[s].name, static_cast<std::uint64_t>(fold)));
        gathered[s].seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
        predicted.push_back(means_of(model->predict(asked)));
        gathered[s].add(predicted.back(), measured);
    }
    gathered.back().add(mean_of(predicted), measured);
}

std::vector<SurrogateErrors> cross_validated(const Data& data, std::span<const int> folds, const core::Rng& rng) {
    std::vector<Gathered> gathered(surrogates().size() + 1);
    const int count = *std::max_element(folds.begin(), folds.end()) + 1;
    for (int fold = 0; fold < count; ++fold) validate_fold(data, folds, fold, rng, gathered);
    std::vector<SurrogateErrors> errors;
    for (std::size_t s = 0; s < surrogates().size(); ++s) errors.push_back(gathered[s].errors(surrogates()[s].name));
    errors.push_back(gathered.back().errors(kMeanOfAll));
    return errors;
}

/// Whether a model can be fitted on what lies outside any fold, and judged by what lies inside.
bool enough_beside_each(std::span<const int> folds) {
    constexpr std::ptrdiff_t kLeast = 3;
    const std::set<int> distinct(folds.begin(), folds.end());
    return std::all_of(distinct.begin(), distinct.end(), [&](int fold) {
        return std::count_if(folds.begin(), folds.end(), [&](int other) { return other != fold; }) >= kLeast;
    });
}

}  // namespace

std::vector<int> group_folds(std::span<const int> groups, int folds, core::Rng rng) {
    const std::set<int> distinct(groups.begin(), groups.end());
    std::vector<int> order(distinct.begin(), distinct.end());
    rng.shuffle(std::span(order));
    std::vector<int> fold_of(groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i)
        fold_of[i] = static_cast<int>(std::find(order.begin(), order.end(), groups[i]) - order.begin()) % folds;
    return fold_of;
}

void AdaptiveSwitching::fit(const Rows& x, std::span<const double> y, std::span<const int> groups, core::Rng rng) {
    assert(x.size() == y.size() && x.size() == groups.size() && options_.folds >= 2);
    const std::vector<int> folds = group_folds(groups, options_.folds, rng.stream("folds"));
    const bool comparable = options_.only.empty() && enough_beside_each(folds);
    errors_ = comparable ? cross_validated({x, y}, folds, rng) : std::vector<SurrogateErrors>();
    chosen_ = {.name = options_.only.empty() ? kMeanOfAll : options_.only};
    if (comparable)
        chosen_ = *std::max_element(errors_.begin(), errors_.end(),
                                    [](const auto& a, const auto& b) { return a.score() < b.score(); });
    refit(x, y, rng);
}

bool AdaptiveSwitching::averaged(const std::string& name) const {
    return chosen_.name == kMeanOfAll || chosen_.name == name;
}

bool AdaptiveSwitching::tells_deviation(const std::string& name) const {
    return name == (options_.only.empty() || options_.only == kMeanOfAll ? "gp" : options_.only);
}

void AdaptiveSwitching::refit(const Rows& x, std::span<const double> y, core::Rng rng) {
    models_.clear();
    for (const SurrogateRow& row : surrogates()) {
        const bool used = averaged(row.name) || tells_deviation(row.name);
        models_.push_back(used ? row.make() : nullptr);
        if (used) models_.back()->fit(x, y, rng.stream(row.name));
    }
}

std::vector<Prediction> AdaptiveSwitching::predict(const Rows& x) const {
    std::vector<Values> means;
    std::vector<Prediction> predictions(x.size());
    for (std::size_t s = 0; s < models_.size(); ++s) {
        if (!models_[s]) continue;
        const std::string name = surrogates()[s].name;
        const std::vector<Prediction> own = models_[s]->predict(x);
        if (tells_deviation(name))
            for (std::size_t i = 0; i < x.size(); ++i) predictions[i].deviation = own[i].deviation;
        if (averaged(name)) means.push_back(means_of(own));
    }
    const Values mean = mean_of(means);
    for (std::size_t i = 0; i < x.size(); ++i) predictions[i].mean = mean[i];
    return predictions;
}

}  // namespace nachos::optimize
