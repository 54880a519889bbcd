#include "optimize/gaussian_process.h"

#include "optimize/rbf.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace nachos::optimize {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr int kMostTuned = 200;
constexpr int kMostRows = 1000;
constexpr double kJitter = 1e-8;  // beside the noise, so that equal rows do not make the matrix singular

MatrixXd scaled_columns(const MatrixXd& x, const GpParameters& p) {
    if (p.length.size() == 1) return std::exp(-p.length[0]) * x;
    return x * (-p.length).array().exp().matrix().asDiagonal();
}

double matern52(double r2) {
    const double s = std::sqrt(5 * r2);
    return (1 + s + s * s / 3) * std::exp(-s);
}

/// -2 d matern52 / d r2.
double matern52_slope(double r2) {
    const double s = std::sqrt(5 * r2);
    return 5.0 / 3 * (1 + s) * std::exp(-s);
}

/// Mean and standard deviation of the normal priors on the logarithms.
struct Normal {
    double mean = 0;
    double deviation = 1;
    double log_density(double v) const { return -0.5 * (v - mean) * (v - mean) / (deviation * deviation); }
    double slope(double v) const { return -(v - mean) / (deviation * deviation); }
};

std::vector<Normal> priors(Index lengths, Index columns) {
    std::vector<Normal> all(
        static_cast<std::size_t>(lengths),
        {std::sqrt(2.0) + 0.5 * std::log(static_cast<double>(std::max<Index>(columns, 1))), std::sqrt(3.0)});
    all.push_back({0, 1});   // signal
    all.push_back({-1, 1});  // linear
    all.push_back({-1, 1});  // noise
    return all;
}

GpParameters initial(Index columns, bool ard) {
    GpParameters p;
    p.length = VectorXd::Constant(ard ? columns : 1, 0.5 * std::log(static_cast<double>(std::max<Index>(columns, 1))));
    return p;
}

void add_priors(GpObjective& objective, const VectorXd& flat, Index columns) {
    const std::vector<Normal> all = priors(flat.size() - 3, columns);
    for (std::size_t k = 0; k < all.size(); ++k) {
        const auto i = static_cast<Index>(k);
        objective.value += all[k].log_density(flat[i]);
        objective.gradient[i] += all[k].slope(flat[i]);
    }
}

/// Rprop without backtracking: each parameter's step grows while its slope keeps its sign and shrinks when it turns.
GpParameters maximised(const MatrixXd& x, const VectorXd& y, const GpParameters& start) {
    constexpr int kSteps = 40;
    constexpr double kLeastStep = 1e-4, kMostStep = 1;
    VectorXd flat = start.flat(), best = flat;
    VectorXd step = VectorXd::Constant(flat.size(), 0.2), before = VectorXd::Zero(flat.size());
    double most = -std::numeric_limits<double>::infinity();
    for (int k = 0; k < kSteps; ++k) {
        const GpObjective now = gp_objective(x, y, GpParameters::of(flat));
        if (now.value > most) {
            most = now.value;
            best = flat;
        }
        for (Index i = 0; i < flat.size(); ++i) {
            const double turn = now.gradient[i] * before[i];
            step[i] = std::clamp(step[i] * (turn > 0 ? 1.2 : turn < 0 ? 0.5 : 1), kLeastStep, kMostStep);
            before[i] = turn < 0 ? 0 : now.gradient[i];
            flat[i] += before[i] > 0 ? step[i] : before[i] < 0 ? -step[i] : 0;
        }
    }
    return GpParameters::of(best);
}

}  // namespace

VectorXd GpParameters::flat() const {
    VectorXd all(length.size() + 3);
    all << length, signal, linear, noise;
    return all;
}

GpParameters GpParameters::of(const VectorXd& flat) {
    const Index columns = flat.size() - 3;
    return {flat.head(columns), flat[columns], flat[columns + 1], flat[columns + 2]};
}

MatrixXd gp_kernel(const MatrixXd& a, const MatrixXd& b, const GpParameters& p) {
    const MatrixXd r2 = squared_distances(scaled_columns(a, p), scaled_columns(b, p));
    const double linear = std::exp(2 * p.linear) / static_cast<double>(std::max<Index>(a.cols(), 1));
    return std::exp(2 * p.signal) * r2.unaryExpr(&matern52) + linear * a * b.transpose();
}

GpObjective gp_objective(const MatrixXd& x, const VectorXd& y, const GpParameters& p) {
    const Index columns = x.cols();
    const MatrixXd scaled = scaled_columns(x, p);
    const MatrixXd r2 = squared_distances(scaled, scaled);
    const MatrixXd matern = std::exp(2 * p.signal) * r2.unaryExpr(&matern52);
    const MatrixXd linear = std::exp(2 * p.linear) / static_cast<double>(std::max<Index>(columns, 1)) * x * x.transpose();
    const double noise = std::exp(2 * p.noise);
    MatrixXd covariance = matern + linear;
    covariance.diagonal().array() += noise + kJitter;
    const Eigen::LLT<MatrixXd> cholesky(covariance);
    if (cholesky.info() != Eigen::Success) return {-1e300, VectorXd::Zero(p.length.size() + 3)};
    const VectorXd alpha = cholesky.solve(y);
    GpObjective objective;
    objective.value = -0.5 * y.dot(alpha) - cholesky.matrixLLT().diagonal().array().log().sum();
    // d value / d theta = tr(pull dK/d theta) / 2, pull = alpha alpha' - K^-1.
    const MatrixXd pull = alpha * alpha.transpose() - cholesky.solve(MatrixXd::Identity(x.rows(), x.rows()));
    // dK/d log length_d = slope (x_d - x'_d)^2 / length_d^2; summed over pairs with weights b: 2 (sum_i b_i x_i^2 - x'bx).
    const MatrixXd b = pull.cwiseProduct(std::exp(2 * p.signal) * r2.unaryExpr(&matern52_slope));
    const VectorXd sums = b.rowwise().sum();
    const MatrixXd bx = b * scaled;
    const Index lengths = p.length.size();
    objective.gradient = VectorXd::Zero(lengths + 3);
    for (Index d = 0; d < columns; ++d)
        objective.gradient[lengths == 1 ? 0 : d] +=
            (sums.array() * scaled.col(d).array().square()).sum() - scaled.col(d).dot(bx.col(d));
    objective.gradient[lengths] = pull.cwiseProduct(matern).sum();
    objective.gradient[lengths + 1] = pull.cwiseProduct(linear).sum();
    objective.gradient[lengths + 2] = noise * pull.trace();
    add_priors(objective, p.flat(), columns);
    return objective;
}

void GaussianProcess::fit_scaled(const MatrixXd& x, const VectorXd& y, core::Rng& rng) {
    const std::vector<int> tuned = sampled_rows(x.rows(), kMostTuned, rng);
    parameters_ = maximised(x(tuned, Eigen::all), y(tuned), initial(x.cols(), options_.ard));
    const std::vector<int> rows = sampled_rows(x.rows(), kMostRows, rng);
    rows_ = x(rows, Eigen::all);
    MatrixXd covariance = gp_kernel(rows_, rows_, parameters_);
    covariance.diagonal().array() += std::exp(2 * parameters_.noise) + kJitter;
    cholesky_.compute(covariance);
    weights_ = cholesky_.solve(y(rows));
}

std::vector<Prediction> GaussianProcess::predict_scaled(const MatrixXd& x) const {
    const MatrixXd cross = gp_kernel(rows_, x, parameters_);
    const VectorXd mean = cross.transpose() * weights_;
    const MatrixXd half = cholesky_.matrixL().solve(cross);
    const double signal = std::exp(2 * parameters_.signal);
    const double linear = std::exp(2 * parameters_.linear) / static_cast<double>(std::max<Index>(x.cols(), 1));
    std::vector<Prediction> predictions;
    for (Index i = 0; i < x.rows(); ++i) {
        const double variance = signal + linear * x.row(i).squaredNorm() - half.col(i).squaredNorm();
        predictions.push_back({mean[i], std::sqrt(std::max(variance, 0.0))});
    }
    return predictions;
}

}  // namespace nachos::optimize
