#include "optimize/trees.h"

#include "core/error.h"

#include <xgboost/c_api.h>

#include <limits>

namespace nachos::optimize {
namespace {

void check(int status) { require(status == 0, ErrorKind::runtime, "XGBoost failed: {}", XGBGetLastError()); }

class Matrix {
  public:
    explicit Matrix(const Eigen::MatrixXd& x) {
        // A column of nothing stands where all columns were constant, for XGBoost refuses none.
        Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> values =
            x.cols() > 0 ? Eigen::MatrixXf(x.cast<float>()) : Eigen::MatrixXf::Zero(x.rows(), 1);
        check(XGDMatrixCreateFromMat(values.data(), static_cast<bst_ulong>(values.rows()),
                                     static_cast<bst_ulong>(values.cols()), std::numeric_limits<float>::quiet_NaN(),
                                     &handle_));
    }
    ~Matrix() { XGDMatrixFree(handle_); }
    Matrix(const Matrix&) = delete;
    Matrix& operator=(const Matrix&) = delete;
    DMatrixHandle get() const { return handle_; }

  private:
    DMatrixHandle handle_ = nullptr;
};

}  // namespace

struct Trees::Booster {
    explicit Booster(const Matrix& data) {
        const DMatrixHandle rows = data.get();
        check(XGBoosterCreate(&rows, 1, &handle));
    }
    ~Booster() { XGBoosterFree(handle); }
    Booster(const Booster&) = delete;
    Booster& operator=(const Booster&) = delete;
    BoosterHandle handle = nullptr;
};

Trees::Trees() = default;
Trees::~Trees() = default;

void Trees::fit_scaled(const Eigen::MatrixXd& x, const Eigen::VectorXd& y, core::Rng& rng) {
    constexpr int kRounds = 300;
    const std::string seed = std::to_string(rng.below(1U << 30));
    const std::pair<const char*, const char*> settings[] = {
        {"verbosity", "0"},   {"nthread", "1"},        {"num_parallel_tree", "4"},  {"objective", "reg:squarederror"},
        {"base_score", "0"},  {"eta", "0.05"},         {"max_depth", "3"},          {"min_child_weight", "2"},
        {"subsample", "0.8"}, {"tree_method", "hist"}, {"colsample_bynode", "0.5"}, {"seed", seed.c_str()}};
    const Matrix data(x);
    const Eigen::VectorXf targets = y.cast<float>();
    check(XGDMatrixSetFloatInfo(data.get(), "label", targets.data(), static_cast<bst_ulong>(targets.size())));
    booster_ = std::make_unique<Booster>(data);
    for (const auto& [name, value] : settings) check(XGBoosterSetParam(booster_->handle, name, value));
    for (int round = 0; round < kRounds; ++round) check(XGBoosterUpdateOneIter(booster_->handle, round, data.get()));
}

std::vector<Prediction> Trees::predict_scaled(const Eigen::MatrixXd& x) const {
    const Matrix data(x);
    bst_ulong size = 0;
    const float* values = nullptr;
    check(XGBoosterPredict(booster_->handle, data.get(), 0, 0, 0, &size, &values));
    std::vector<Prediction> predictions;
    for (bst_ulong i = 0; i < size; ++i) predictions.push_back({values[i], 0});
    return predictions;
}

}  // namespace nachos::optimize
