#pragma once

#include "optimize/surrogate.h"

namespace nachos::optimize {

/// Gradient-boosted regression trees by XGBoost (Chen and Guestrin 2016): 300 rounds of four trees of depth 3, whose mean
/// counts, learning rate 0.05, each on 80 % of the rows and half of the columns at a node. Rows are few: shallow trees and
/// means of trees vary least. One thread. Throws Error(runtime) with XGBoost's words.
class Trees : public Surrogate {
  public:
    Trees();
    ~Trees() override;

  protected:
    void fit_scaled(const Eigen::MatrixXd& x, const Eigen::VectorXd& y, core::Rng& rng) override;
    std::vector<Prediction> predict_scaled(const Eigen::MatrixXd& x) const override;

  private:
    struct Booster;
    std::unique_ptr<Booster> booster_;
};

}  // namespace nachos::optimize
