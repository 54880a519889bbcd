#include "optimize/surrogate.h"

#include "core/expect_error.h"
#include "core/rank_stats.h"
#include "optimize/gaussian_process.h"
#include "optimize/mlp_ensemble.h"
#include "optimize/rbf.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

namespace nachos::optimize {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;
using Function = std::function<double(const std::vector<double>&)>;

Rows random_rows(core::Rng& rng, int count, int columns) {
    Rows rows(static_cast<std::size_t>(count));
    for (auto& row : rows)
        for (int c = 0; c < columns; ++c) row.push_back(rng.uniform() * 4 - 2);
    return rows;
}

std::vector<double> values_of(const Rows& rows, const Function& f) {
    std::vector<double> values;
    for (const auto& row : rows) values.push_back(f(row));
    return values;
}

std::vector<double> means(const std::vector<Prediction>& predictions) {
    std::vector<double> all;
    for (const Prediction& p : predictions) all.push_back(p.mean);
    return all;
}

double smooth(const std::vector<double>& x) { return 3 * x[0] + std::sin(2 * x[1]) * x[2] + 100; }

class EverySurrogate : public testing::TestWithParam<const char*> {
  protected:
    std::unique_ptr<Surrogate> fitted(const Rows& x, const std::vector<double>& y, std::uint64_t seed = 1) const {
        auto model = surrogate_named(GetParam()).make();
        model->fit(x, y, core::Rng(seed));
        return model;
    }
};

TEST_P(EverySurrogate, RanksWhatItHasNotSeen) {
    core::Rng rng(1);
    const Rows known = random_rows(rng, 120, 3), asked = random_rows(rng, 80, 3);
    const auto measured = values_of(asked, smooth);
    const auto predicted = means(fitted(known, values_of(known, smooth))->predict(asked));
    EXPECT_GT(core::kendall_tau(predicted, measured), 0.85);
    EXPECT_LT(core::root_mean_square_error(predicted, measured), 0.3 * 3.6);  // of the target's deviation
}

TEST_P(EverySurrogate, SameSeedSamePrediction) {
    core::Rng rng(2);
    const Rows x = random_rows(rng, 40, 3);
    const auto y = values_of(x, smooth);
    EXPECT_EQ(means(fitted(x, y, 5)->predict(x)), means(fitted(x, y, 5)->predict(x)));
}

TEST_P(EverySurrogate, DoesNotCareForUnitsOrConstantColumns) {
    core::Rng rng(3);
    Rows x = random_rows(rng, 40, 3);
    const auto y = values_of(x, smooth);
    const auto plain = means(fitted(x, y)->predict(x));
    std::vector<double> other_unit = y;
    for (double& v : other_unit) v = 1024 * v;  // a power of two, so that rounding is the same
    for (auto& row : x) row = {1024 * row[0], 7, row[1], row[2]};
    const auto other = means(fitted(x, other_unit)->predict(x));
    for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(other[i] / 1024, plain[i], 1e-5);
}

TEST_P(EverySurrogate, SurvivesHardData) {
    const Rows two{{1, 2}, {3, 4}}, equal{{1, 1}, {1, 1}, {1, 1}},
        wide{std::vector<double>(30, 1), std::vector<double>(30, 2)};
    for (const Rows& rows : {two, equal, wide}) {
        const std::vector<double> constant(rows.size(), 5);
        for (const double v : means(fitted(rows, constant)->predict(rows))) EXPECT_NEAR(v, 5, 1e-6);
        std::vector<double> rising;
        for (std::size_t i = 0; i < rows.size(); ++i) rising.push_back(static_cast<double>(i));
        for (const double v : means(fitted(rows, rising)->predict(rows))) EXPECT_TRUE(std::isfinite(v));
    }
    EXPECT_TRUE(fitted(two, {1, 2})->predict({}).empty());
}

TEST_P(EverySurrogate, RefusesWhatCannotBeFitted) {
    const double inf = std::numeric_limits<double>::infinity();
    test::expect_error(ErrorKind::runtime, {"at least two rows", "1 rows"}, [&] { fitted({{1}}, {1}); });
    test::expect_error(ErrorKind::runtime, {"2 rows and 1 targets"}, [&] { fitted({{1}, {2}}, {1}); });
    test::expect_error(ErrorKind::runtime, {"row 1 has 2 columns, row 0 has 1"}, [&] { fitted({{1}, {2, 3}}, {1, 2}); });
    test::expect_error(ErrorKind::runtime, {"row 1", "not finite"}, [&] { fitted({{1}, {2}}, {1, inf}); });
}

INSTANTIATE_TEST_SUITE_P(Surrogates, EverySurrogate, testing::Values("rbf", "gp", "mlp", "trees"),
                         [](const auto& info) { return info.param; });

TEST(Surrogates, TheTableNamesThem) {
    EXPECT_EQ(surrogates().size(), 4U);
    for (const SurrogateRow& row : surrogates()) EXPECT_STREQ(surrogate_named(row.name).name, row.name);
    test::expect_error(ErrorKind::usage, {"'svm'", "rbf, gp, mlp, trees"}, [] { surrogate_named("svm"); });
}

TEST(Surrogates, UncertaintyGrowsAwayFromTheData) {
    core::Rng rng(4);
    const Rows x = random_rows(rng, 60, 2);
    const auto y = values_of(x, [](const auto& r) { return std::sin(r[0]) + r[1] * r[1]; });
    for (const SurrogateRow& row : surrogates()) {
        const auto model = row.make();
        model->fit(x, y, core::Rng(1));
        const auto predicted = model->predict({{0, 0}, {8, 8}});
        if (row.uncertain)
            EXPECT_GT(predicted[1].deviation, 2 * predicted[0].deviation) << row.name;
        else
            EXPECT_EQ(predicted[1].deviation, 0) << row.name;
    }
}

TEST(Rbf, ContinuesALinearFunctionExactly) {
    core::Rng rng(5);
    const Rows x = random_rows(rng, 30, 3);
    const Function plane = [](const auto& r) { return 4 - r[0] + 2 * r[1] + 0.5 * r[2]; };
    Rbf rbf;
    rbf.fit(x, values_of(x, plane), core::Rng(1));
    const Rows far{{10, -20, 30}, {-7, 7, 7}};
    EXPECT_NEAR(means(rbf.predict(far))[0], plane(far[0]), 1e-6);
    EXPECT_NEAR(means(rbf.predict(far))[1], plane(far[1]), 1e-6);
}

TEST(Rbf, InterpolatesWhatIsNotNoisy) {
    core::Rng rng(6);
    const Rows x = random_rows(rng, 80, 2);
    const auto y = values_of(x, [](const auto& r) { return std::sin(r[0]) * r[1]; });
    Rbf rbf;
    rbf.fit(x, y, core::Rng(1));
    EXPECT_LT(core::root_mean_square_error(means(rbf.predict(x)), y), 1e-3);
}

TEST(SquaredDistances, ByHand) {
    const MatrixXd a{{0, 0}, {1, 2}};
    const MatrixXd b{{3, 4}};
    const MatrixXd d = squared_distances(a, b);
    EXPECT_NEAR(d(0, 0), 25, 1e-12);
    EXPECT_NEAR(d(1, 0), 8, 1e-12);
}

struct Sample {
    MatrixXd x;
    VectorXd y;
};

Sample random_sample(core::Rng& rng, int rows, int columns) {
    Sample s{MatrixXd(rows, columns), VectorXd(rows)};
    for (double& v : s.x.reshaped()) v = rng.normal();
    for (double& v : s.y) v = rng.normal();
    return s;
}

/// Central differences of `value` in every coordinate against `gradient`.
void expect_gradient(const VectorXd& at, const VectorXd& gradient, const std::function<double(const VectorXd&)>& value) {
    ASSERT_EQ(at.size(), gradient.size());
    constexpr double kStep = 1e-5;
    for (Eigen::Index i = 0; i < at.size(); ++i) {
        VectorXd up = at, down = at;
        up[i] += kStep;
        down[i] -= kStep;
        EXPECT_NEAR(gradient[i], (value(up) - value(down)) / (2 * kStep), 1e-6 * (1 + std::abs(gradient[i]))) << i;
    }
}

TEST(GaussianProcess, GradientOfTheMarginalLikelihood) {
    core::Rng rng(7);
    const Sample s = random_sample(rng, 12, 3);
    for (const Eigen::Index lengths : {1, 3}) {
        GpParameters p{.length = VectorXd::Constant(lengths, 0.3), .signal = 0.2, .linear = -0.4, .noise = -0.8};
        for (Eigen::Index d = 0; d < lengths; ++d) p.length[d] += 0.1 * static_cast<double>(d);
        expect_gradient(p.flat(), gp_objective(s.x, s.y, p).gradient,
                        [&](const VectorXd& flat) { return gp_objective(s.x, s.y, GpParameters::of(flat)).value; });
    }
}

TEST(GaussianProcess, KernelByHand) {
    // One column, length 2, signal 3, linear 0.5: r = 1, 9 (1 + sqrt5 + 5/3) exp(-sqrt5) + 0.25 * 1 * 3.
    const GpParameters p{
        .length = VectorXd::Constant(1, std::log(2.0)), .signal = std::log(3.0), .linear = std::log(0.5), .noise = 0};
    const double wanted = 9 * (1 + std::sqrt(5.0) + 5.0 / 3) * std::exp(-std::sqrt(5.0)) + 0.75;
    EXPECT_NEAR(gp_kernel(MatrixXd{{1.0}}, MatrixXd{{3.0}}, p)(0, 0), wanted, 1e-12);
}

TEST(GaussianProcess, FindsTheNoise) {
    core::Rng rng(8);
    const Rows x = random_rows(rng, 150, 1);
    std::vector<double> y;
    for (const auto& row : x) y.push_back(2 * std::sin(2 * row[0]) + 0.4 * rng.normal());
    for (const bool ard : {false, true}) {
        GaussianProcess gp({.ard = ard});
        gp.fit(x, y, core::Rng(1));
        EXPECT_NEAR(std::exp(gp.parameters().noise) * std::sqrt(2.0), 0.4, 0.1);  // the target's deviation is near root 2
    }
}

TEST(Mlp, GradientOfTheLoss) {
    core::Rng rng(9);
    const Sample s = random_sample(rng, 6, 3);
    Mlp mlp = Mlp::random(3, rng);
    VectorXd flat = mlp.flat();
    for (double& v : flat) v += 0.1 * rng.normal();
    mlp.set(flat);
    EXPECT_EQ(mlp.flat(), flat);
    expect_gradient(flat, mlp_loss(mlp, s.x, s.y).gradient, [&](const VectorXd& at) {
        Mlp moved = mlp;
        moved.set(at);
        return mlp_loss(moved, s.x, s.y).value;
    });
}

TEST(SampledRows, AreDistinctAndAscending) {
    core::Rng rng(10);
    const auto some = sampled_rows(100, 30, rng);
    EXPECT_EQ(some.size(), 30U);
    for (std::size_t i = 1; i < some.size(); ++i) EXPECT_LT(some[i - 1], some[i]);
    EXPECT_EQ(sampled_rows(3, 30, rng), (std::vector<int>{0, 1, 2}));
}

}  // namespace
}  // namespace nachos::optimize
