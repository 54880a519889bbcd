#include "optimize/rbf.h"

#include <Eigen/Cholesky>
#include <Eigen/QR>

#include <cmath>
#include <limits>

namespace nachos::optimize {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr int kMostRows = 600;

MatrixXd cubic(const MatrixXd& a, const MatrixXd& b) {
    return squared_distances(a, b).unaryExpr([](double r2) { return r2 * std::sqrt(r2); });
}

MatrixXd with_constant(const MatrixXd& x) {
    MatrixXd tail(x.rows(), x.cols() + 1);
    tail << VectorXd::Ones(x.rows()), x;
    return tail;
}

/// The weights in the space orthogonal to the tail, with the ridge whose restricted likelihood is largest: that of a field
/// with covariance K + ridge I, its scale profiled out, up to constants: -(m log(z'(K + ridge I)^-1 z) + log det) / 2.
VectorXd best_weights(const MatrixXd& kernel, const VectorXd& z) {
    const auto m = static_cast<double>(z.size());
    const double scale = kernel.trace() / m;
    VectorXd best = VectorXd::Zero(z.size());
    double least = std::numeric_limits<double>::infinity();
    for (double ridge = 1e-8; ridge < 1e3; ridge *= ridge < 1e-4 ? 1e2 : std::sqrt(10.0)) {
        MatrixXd ridged = kernel;
        ridged.diagonal().array() += ridge * scale;
        const Eigen::LLT<MatrixXd> cholesky(ridged);
        if (cholesky.info() != Eigen::Success) continue;
        const VectorXd weights = cholesky.solve(z);
        const double log_det = 2 * cholesky.matrixLLT().diagonal().array().log().sum();
        const double score = m * std::log(std::max(z.dot(weights), 1e-300)) + log_det;
        if (score < least) {
            least = score;
            best = weights;
        }
    }
    return best;
}

}  // namespace

MatrixXd squared_distances(const MatrixXd& a, const MatrixXd& b) {
    MatrixXd d = -2 * a * b.transpose();
    d.colwise() += a.rowwise().squaredNorm();
    d.rowwise() += b.rowwise().squaredNorm().transpose();
    return d.cwiseMax(0);
}

void Rbf::fit_scaled(const MatrixXd& x, const VectorXd& y, core::Rng& rng) {
    const std::vector<int> rows = sampled_rows(x.rows(), kMostRows, rng);
    centres_ = x(rows, Eigen::all);
    const VectorXd targets = y(rows);
    const MatrixXd phi = cubic(centres_, centres_);
    const MatrixXd tail = with_constant(centres_);
    const Eigen::ColPivHouseholderQR<MatrixXd> qr(tail);
    const Index rank = qr.rank();
    const MatrixXd q = qr.householderQ();
    const MatrixXd free = q.rightCols(q.cols() - rank);  // orthogonal to every tail
    weights_ = VectorXd::Zero(targets.size());
    if (free.cols() > 0) weights_ = free * best_weights(free.transpose() * phi * free, free.transpose() * targets);
    tail_ = Eigen::CompleteOrthogonalDecomposition<MatrixXd>(tail).solve(targets - phi * weights_);
}

std::vector<Prediction> Rbf::predict_scaled(const MatrixXd& x) const {
    const VectorXd values = cubic(x, centres_) * weights_ + with_constant(x) * tail_;
    std::vector<Prediction> predictions;
    for (const double value : values) predictions.push_back({value, 0});
    return predictions;
}

}  // namespace nachos::optimize
