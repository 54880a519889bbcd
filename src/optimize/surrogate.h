#pragma once

#include "core/rng.h"

#include <Eigen/Core>

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace nachos::optimize {

/// Real vectors, one a row, all of one length.
using Rows = std::vector<std::vector<double>>;

struct Prediction {
    double mean = 0;
    double deviation = 0;  ///< standard deviation of the mean, in the target's unit; 0 where a model knows none
};

/// Columns to zero mean and unit variance, those that are constant left out.
class Scaler {
  public:
    Scaler() = default;
    explicit Scaler(const Rows& rows);
    Eigen::MatrixXd operator()(const Rows& rows) const;

  private:
    std::vector<std::size_t> columns_;
    std::vector<double> mean_, deviation_;
};

/// A regression from real vectors. Deterministic given the Rng.
class Surrogate {
  public:
    virtual ~Surrogate() = default;
    Surrogate() = default;
    Surrogate(const Surrogate&) = delete;
    Surrogate& operator=(const Surrogate&) = delete;

    /// Throws Error(runtime) unless there are at least two rows, of equal length, one target each, all finite.
    void fit(const Rows& x, std::span<const double> y, core::Rng rng);
    /// One prediction a row; rows are as long as those of fit(). Fit first.
    std::vector<Prediction> predict(const Rows& x) const;

  protected:
    /// Both scaled to zero mean and unit variance (a constant target is 0).
    virtual void fit_scaled(const Eigen::MatrixXd& x, const Eigen::VectorXd& y, core::Rng& rng) = 0;
    /// In the scaled target's unit.
    virtual std::vector<Prediction> predict_scaled(const Eigen::MatrixXd& x) const = 0;

  private:
    Scaler scaler_;
    double mean_ = 0;
    double deviation_ = 1;
};

/// The table of surrogates.
struct SurrogateRow {
    const char* name;
    const char* summary;
    bool uncertain;  ///< whether its predictions carry a deviation
    std::unique_ptr<Surrogate> (*make)();
};
std::span<const SurrogateRow> surrogates();
const SurrogateRow& surrogate_named(const std::string& name);  ///< Throws Error(usage) listing the known names.

/// At most `most` of the numbers 0 to n - 1, drawn without repeats, ascending: what models take whose cost grows with n^3.
std::vector<int> sampled_rows(Eigen::Index n, int most, core::Rng& rng);

}  // namespace nachos::optimize
