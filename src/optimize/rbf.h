#pragma once

#include "optimize/surrogate.h"

namespace nachos::optimize {

/// Cubic radial basis functions with a linear tail: s(x) = sum_i w_i |x - x_i|^3 + c_0 + c'x, where w is orthogonal to all
/// linear functions (Powell 1992). Deviation from the interpolant of the papers: measurements are noisy, so a ridge is added
/// to the kernel, the one of a grid whose restricted likelihood is largest (Wahba 1990, section 4.8); the least of them
/// interpolates. Tails that the rows do not determine are those of least norm. O(n^3); of more than 600 rows a sample is
/// taken.
class Rbf : public Surrogate {
  protected:
    void fit_scaled(const Eigen::MatrixXd& x, const Eigen::VectorXd& y, core::Rng& rng) override;
    std::vector<Prediction> predict_scaled(const Eigen::MatrixXd& x) const override;

  private:
    Eigen::MatrixXd centres_;
    Eigen::VectorXd weights_;
    Eigen::VectorXd tail_;  ///< constant first
};

/// Squared distances between the rows of two matrices.
Eigen::MatrixXd squared_distances(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b);

}  // namespace nachos::optimize
