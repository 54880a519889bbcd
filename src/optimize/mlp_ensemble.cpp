#include "optimize/mlp_ensemble.h"

#include "core/stats.h"

#include <cmath>
#include <numbers>
#include <numeric>

namespace nachos::optimize {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::RowVectorXd;
using Eigen::VectorXd;

constexpr int kMembers = 5;
constexpr int kSteps = 200;
constexpr int kBatch = 64;
constexpr double kLearningRate = 0.01;
constexpr double kWeightDecay = 1;

MatrixXd random_matrix(Index rows, Index columns, core::Rng& rng) {
    MatrixXd m(rows, columns);
    const double scale = 1 / std::sqrt(static_cast<double>(std::max<Index>(rows, 1)));
    for (double& v : m.reshaped()) v = scale * rng.normal();
    return m;
}

struct Activations {
    MatrixXd hidden1, hidden2;
    VectorXd out;
};

MatrixXd layer(const MatrixXd& x, const MatrixXd& w, const RowVectorXd& b) {
    return ((x * w).rowwise() + b).array().tanh().matrix();
}

Activations forward(const Mlp& m, const MatrixXd& x) {
    Activations a;
    a.hidden1 = layer(x, m.w1, m.b1);
    a.hidden2 = layer(a.hidden1, m.w2, m.b2);
    a.out = (a.hidden2 * m.w3).array() + m.b3;
    return a;
}

class AdamW {
  public:
    explicit AdamW(Index size) : first_(VectorXd::Zero(size)), second_(VectorXd::Zero(size)) {}

    void step(VectorXd& parameters, const VectorXd& gradient, double rate) {
        constexpr double kFirst = 0.9, kSecond = 0.999, kTiny = 1e-8;
        ++steps_;
        first_ = kFirst * first_ + (1 - kFirst) * gradient;
        second_ = kSecond * second_ + (1 - kSecond) * gradient.cwiseAbs2();
        const double bias1 = 1 - std::pow(kFirst, steps_);
        const double bias2 = 1 - std::pow(kSecond, steps_);
        parameters *= 1 - rate * kWeightDecay;
        parameters.array() -= rate / bias1 * first_.array() / ((second_.array() / bias2).sqrt() + kTiny);
    }

  private:
    VectorXd first_, second_;
    int steps_ = 0;
};

Mlp trained(const MatrixXd& x, const VectorXd& y, core::Rng rng) {
    Mlp mlp = Mlp::random(x.cols(), rng);
    VectorXd parameters = mlp.flat();
    AdamW adam(parameters.size());
    std::vector<int> order(static_cast<std::size_t>(x.rows()));
    std::iota(order.begin(), order.end(), 0);
    std::size_t at = order.size();
    for (int step = 0; step < kSteps; ++step) {
        const std::size_t size = std::min<std::size_t>(kBatch, order.size());
        if (at + size > order.size()) {
            rng.shuffle(std::span(order));
            at = 0;
        }
        const std::vector<int> batch(order.begin() + static_cast<std::ptrdiff_t>(at),
                                     order.begin() + static_cast<std::ptrdiff_t>(at + size));
        at += size;
        const double rate = kLearningRate * 0.5 * (1 + std::cos(std::numbers::pi * step / kSteps));
        adam.step(parameters, mlp_loss(mlp, x(batch, Eigen::all), y(batch)).gradient, rate);
        mlp.set(parameters);
    }
    return mlp;
}

}  // namespace

Mlp Mlp::random(Index inputs, core::Rng& rng) {
    Mlp m;
    m.w1 = random_matrix(inputs, kHidden1, rng);
    m.w2 = random_matrix(kHidden1, kHidden2, rng);
    m.b1 = RowVectorXd::Zero(kHidden1);
    m.b2 = RowVectorXd::Zero(kHidden2);
    m.w3 = VectorXd::Zero(kHidden2);
    return m;
}

VectorXd Mlp::operator()(const MatrixXd& x) const { return forward(*this, x).out; }

VectorXd Mlp::flat() const {
    VectorXd all(w1.size() + w2.size() + b1.size() + b2.size() + w3.size() + 1);
    all << w1.reshaped(), b1.transpose(), w2.reshaped(), b2.transpose(), w3, b3;
    return all;
}

void Mlp::set(const VectorXd& flat) {
    Index at = 0;
    const auto next = [&](Index size) {
        at += size;
        return flat.segment(at - size, size);
    };
    w1.reshaped() = next(w1.size());
    b1 = next(b1.size()).transpose();
    w2.reshaped() = next(w2.size());
    b2 = next(b2.size()).transpose();
    w3 = next(w3.size());
    b3 = next(1)[0];
}

MlpLoss mlp_loss(const Mlp& mlp, const MatrixXd& x, const VectorXd& y) {
    const Activations a = forward(mlp, x);
    const VectorXd error = a.out - y;
    const auto rows = static_cast<double>(y.size());
    const VectorXd d3 = error / rows;
    const MatrixXd d2 = (d3 * mlp.w3.transpose()).array() * (1 - a.hidden2.array().square());
    const MatrixXd d1 = (d2 * mlp.w2.transpose()).array() * (1 - a.hidden1.array().square());
    Mlp gradient;
    gradient.w1 = x.transpose() * d1;
    gradient.b1 = d1.colwise().sum();
    gradient.w2 = a.hidden1.transpose() * d2;
    gradient.b2 = d2.colwise().sum();
    gradient.w3 = a.hidden2.transpose() * d3;
    gradient.b3 = d3.sum();
    return {0.5 * error.squaredNorm() / rows, gradient.flat()};
}

void MlpEnsemble::fit_scaled(const MatrixXd& x, const VectorXd& y, core::Rng& rng) {
    members_.clear();
    for (int member = 0; member < kMembers; ++member)
        members_.push_back(trained(x, y, rng.stream("member", static_cast<std::uint64_t>(member))));
}

std::vector<Prediction> MlpEnsemble::predict_scaled(const MatrixXd& x) const {
    std::vector<VectorXd> outputs;
    for (const Mlp& member : members_) outputs.push_back(member(x));
    std::vector<Prediction> predictions;
    for (Index i = 0; i < x.rows(); ++i) {
        std::vector<double> values;
        for (const VectorXd& out : outputs) values.push_back(out[i]);
        predictions.push_back({core::mean(values), core::standard_deviation(values)});
    }
    return predictions;
}

}  // namespace nachos::optimize
