#pragma once

#include "optimize/surrogate.h"

#include <Eigen/Cholesky>

namespace nachos::optimize {

/// Logarithms of a Gaussian process's hyperparameters; targets have unit variance.
struct GpParameters {
    Eigen::VectorXd length;  ///< length scales: one of all columns, or one each (ARD)
    double signal = 0;       ///< standard deviation of the Matern part
    double linear = -1;      ///< standard deviation of the linear part
    double noise = -1;       ///< standard deviation of the noise

    Eigen::VectorXd flat() const;
    static GpParameters of(const Eigen::VectorXd& flat);
};

/// k(x, x') = signal^2 Matern52(r) + linear^2 x'x / columns, r^2 = sum_d (x_d - x'_d)^2 / length_d^2 (Rasmussen and Williams
/// 2006, equation 4.17).
Eigen::MatrixXd gp_kernel(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b, const GpParameters& p);

/// Log posterior of the hyperparameters: log marginal likelihood (ibid., equation 2.30) plus log prior, up to a constant,
/// and its gradient by flat() (equation 5.9). O(n^3 + n^2 columns).
struct GpObjective {
    double value = 0;
    Eigen::VectorXd gradient;
};
GpObjective gp_objective(const Eigen::MatrixXd& x, const Eigen::VectorXd& y, const GpParameters& p);

struct GpOptions {
    bool ard = false;  ///< a length scale per column; one for all needs fewer rows (archives of 350: tau 0.65 against 0.61)
};

/// Gaussian process, Matern 5/2 with a linear part and noise. Hyperparameters maximise the marginal likelihood times a
/// prior: log-normal length scales that grow with the root of the number of columns (Hvarfner, Hellsten and Nardi 2024), and
/// wide normals on the logarithms of the others. Maximiser: Rprop (Blum and Riedmiller 2013), 40 steps. O(n^3):
/// hyperparameters are found on at most 200 rows, predictions use at most 1,000, sampled.
class GaussianProcess : public Surrogate {
  public:
    explicit GaussianProcess(GpOptions options = {}) : options_(options) {}
    const GpParameters& parameters() const { return parameters_; }

  protected:
    void fit_scaled(const Eigen::MatrixXd& x, const Eigen::VectorXd& y, core::Rng& rng) override;
    std::vector<Prediction> predict_scaled(const Eigen::MatrixXd& x) const override;

  private:
    GpOptions options_;
    GpParameters parameters_;
    Eigen::MatrixXd rows_;
    Eigen::LLT<Eigen::MatrixXd> cholesky_;
    Eigen::VectorXd weights_;
};

}  // namespace nachos::optimize
