#pragma once

#include "core/safetensors.h"

#include <torch/torch.h>

#include <string>
#include <vector>

namespace nachos::search {

/// The augmented Lagrangian of g(b) = E[cost] / b - 1 <= 0 (method 7), with a multiplier for each budget of a grid:
/// penalty = (max(0, lambda + rho g)^2 - lambda^2) / (2 rho); lambda <- max(0, lambda + rho * EMA(g)), a step of at most
/// rho.
class Multipliers {
  public:
    /// `budgets` ascending, at least one.
    Multipliers(std::vector<double> budgets, double rho);

    /// The budget of the grid that is nearest by ratio.
    int bucket(double budget) const;
    torch::Tensor penalty(const torch::Tensor& g, int bucket) const;
    /// A bucket that was not visited keeps its multiplier.
    void update(int bucket, double g);

    double multiplier(int bucket) const { return lambda_[static_cast<std::size_t>(bucket)]; }
    int size() const { return static_cast<int>(lambda_.size()); }

    void save(core::TensorFile& file, const std::string& prefix) const;
    void load(const core::TensorFile& file, const std::string& prefix, const std::string& where);

  private:
    std::vector<double> budgets_;
    double rho_;
    std::vector<float> lambda_, average_;
};

}  // namespace nachos::search
