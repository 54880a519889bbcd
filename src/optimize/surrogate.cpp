#include "optimize/surrogate.h"

#include "core/error.h"
#include "core/stats.h"
#include "optimize/gaussian_process.h"
#include "optimize/mlp_ensemble.h"
#include "optimize/rbf.h"
#include "optimize/trees.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace nachos::optimize {
namespace {

template <class Model>
std::unique_ptr<Surrogate> make() {
    return std::make_unique<Model>();
}

constexpr std::array kSurrogates{
    SurrogateRow{"rbf", "cubic radial basis functions with a linear tail", false, make<Rbf>},
    SurrogateRow{"gp", "Gaussian process, isotropic Matern 5/2, by marginal likelihood", true, make<GaussianProcess>},
    SurrogateRow{"mlp", "ensemble of multilayer perceptrons", true, make<MlpEnsemble>},
    SurrogateRow{"trees", "boosted regression trees", false, make<Trees>},
};

void check(const Rows& x, std::span<const double> y) {
    const auto finite = [](double v) { return std::isfinite(v); };
    require(x.size() >= 2 && x.size() == y.size(), ErrorKind::runtime,
            "a surrogate needs at least two rows and a target each, {} rows and {} targets were given", x.size(), y.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
        require(x[i].size() == x.front().size(), ErrorKind::runtime, "row {} has {} columns, row 0 has {}", i, x[i].size(),
                x.front().size());
        require(finite(y[i]) && std::all_of(x[i].begin(), x[i].end(), finite), ErrorKind::runtime,
                "row {} of a surrogate's data is not finite", i);
    }
}

}  // namespace

Scaler::Scaler(const Rows& rows) {
    constexpr double kConstant = 1e-12;
    for (std::size_t c = 0; c < rows.front().size(); ++c) {
        std::vector<double> column;
        for (const auto& row : rows) column.push_back(row[c]);
        const double mean = core::mean(column);
        const double deviation = core::standard_deviation(column);
        if (deviation <= kConstant * std::max(1.0, std::abs(mean))) continue;
        columns_.push_back(c);
        mean_.push_back(mean);
        deviation_.push_back(deviation);
    }
}

Eigen::MatrixXd Scaler::operator()(const Rows& rows) const {
    Eigen::MatrixXd scaled(static_cast<Eigen::Index>(rows.size()), static_cast<Eigen::Index>(columns_.size()));
    for (std::size_t i = 0; i < rows.size(); ++i)
        for (std::size_t c = 0; c < columns_.size(); ++c)
            scaled(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(c)) =
                (rows[i][columns_[c]] - mean_[c]) / deviation_[c];
    return scaled;
}

void Surrogate::fit(const Rows& x, std::span<const double> y, core::Rng rng) {
    check(x, y);
    scaler_ = Scaler(x);
    mean_ = core::mean(y);
    deviation_ = core::standard_deviation(y);
    if (deviation_ == 0) deviation_ = 1;
    Eigen::VectorXd scaled(static_cast<Eigen::Index>(y.size()));
    for (std::size_t i = 0; i < y.size(); ++i) scaled[static_cast<Eigen::Index>(i)] = (y[i] - mean_) / deviation_;
    fit_scaled(scaler_(x), scaled, rng);
}

std::vector<Prediction> Surrogate::predict(const Rows& x) const {
    if (x.empty()) return {};
    std::vector<Prediction> predictions = predict_scaled(scaler_(x));
    for (Prediction& p : predictions) p = {mean_ + deviation_ * p.mean, deviation_ * p.deviation};
    return predictions;
}

std::span<const SurrogateRow> surrogates() { return kSurrogates; }

const SurrogateRow& surrogate_named(const std::string& name) {
    std::string known;
    for (const SurrogateRow& row : kSurrogates) {
        if (row.name == name) return row;
        known += (known.empty() ? "" : ", ") + std::string(row.name);
    }
    fail(ErrorKind::usage, "unknown surrogate '{}', known are {}", name, known);
}

std::vector<int> sampled_rows(Eigen::Index n, int most, core::Rng& rng) {
    std::vector<int> rows(static_cast<std::size_t>(n));
    std::iota(rows.begin(), rows.end(), 0);
    if (n <= most) return rows;
    rng.shuffle(std::span(rows));
    rows.resize(static_cast<std::size_t>(most));
    std::sort(rows.begin(), rows.end());
    return rows;
}

}  // namespace nachos::optimize
