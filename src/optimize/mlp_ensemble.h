#pragma once

#include "optimize/surrogate.h"

namespace nachos::optimize {

/// A perceptron of two hidden layers and one output, smooth so that few rows make no corners: tanh, tanh, linear.
struct Mlp {
    static constexpr int kHidden1 = 32;
    static constexpr int kHidden2 = 16;

    Eigen::MatrixXd w1, w2;  ///< (inputs, kHidden1), (kHidden1, kHidden2)
    Eigen::RowVectorXd b1, b2;
    Eigen::VectorXd w3;  ///< (kHidden2)
    double b3 = 0;

    /// Normal weights of variance 1 / inputs of their layer, biases 0; the last layer 0, so that it begins at the mean.
    static Mlp random(Eigen::Index inputs, core::Rng& rng);
    Eigen::VectorXd operator()(const Eigen::MatrixXd& x) const;

    /// All parameters in one vector, and back.
    Eigen::VectorXd flat() const;
    void set(const Eigen::VectorXd& flat);
};

/// Half the mean squared error and its gradient by Mlp::flat().
struct MlpLoss {
    double value = 0;
    Eigen::VectorXd gradient;
};
MlpLoss mlp_loss(const Mlp& mlp, const Eigen::MatrixXd& x, const Eigen::VectorXd& y);

/// Mean of five perceptrons, each from its own start and with its own order of the rows; deviation: how far they disagree
/// (Lakshminarayanan, Pritzel and Blundell 2017, without their predicted variance). AdamW (Loshchilov and Hutter 2019), 200
/// steps of 64 rows, learning rate 0.01 falling by a half-cosine, weight decay 1, for rows are few.
class MlpEnsemble : public Surrogate {
  protected:
    void fit_scaled(const Eigen::MatrixXd& x, const Eigen::VectorXd& y, core::Rng& rng) override;
    std::vector<Prediction> predict_scaled(const Eigen::MatrixXd& x) const override;

  private:
    std::vector<Mlp> members_;
};

}  // namespace nachos::optimize
