#include "core/rank_stats.h"

#include "core/rng.h"

#include <gtest/gtest.h>

#include <cmath>

namespace nachos::core {
namespace {

/// Tau-b by its definition, over all pairs.
double brute_kendall(const std::vector<double>& a, const std::vector<double>& b) {
    double balance = 0, apart_a = 0, apart_b = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            const double product = (a[i] - a[j]) * (b[i] - b[j]);
            balance += product > 0 ? 1 : product < 0 ? -1 : 0;
            apart_a += a[i] != a[j] ? 1 : 0;
            apart_b += b[i] != b[j] ? 1 : 0;
        }
    }
    return apart_a * apart_b > 0 ? balance / std::sqrt(apart_a * apart_b) : 0;
}

TEST(RankStats, KendallByHand) {
    const std::vector<double> a{1, 2, 3, 4};
    EXPECT_DOUBLE_EQ(kendall_tau(a, std::vector<double>{1, 2, 4, 3}), 4.0 / 6);
    EXPECT_DOUBLE_EQ(kendall_tau(a, std::vector<double>{9, 7, 5, 3}), -1);
    EXPECT_DOUBLE_EQ(kendall_tau(a, std::vector<double>{5, 5, 6, 6}), 4 / std::sqrt(6.0 * 4));  // two pairs tied
    EXPECT_EQ(kendall_tau(a, std::vector<double>{5, 5, 5, 5}), 0);
    EXPECT_EQ(kendall_tau({}, {}), 0);
}

TEST(RankStats, KendallEqualsBruteForce) {
    Rng rng(1);
    for (int trial = 0; trial < 300; ++trial) {
        std::vector<double> a, b;
        const int most = rng.between(1, 15);
        for (int i = rng.between(0, 40); i > 0; --i) {
            a.push_back(rng.between(0, most));
            b.push_back(rng.between(0, 12));
        }
        EXPECT_NEAR(kendall_tau(a, b), brute_kendall(a, b), 1e-12);
    }
}

TEST(RankStats, SpearmanByHand) {
    EXPECT_EQ(average_ranks(std::vector<double>{3, 1, 3, 7}), (std::vector<double>{2.5, 1, 2.5, 4}));
    // 1 - 6 * (0 + 0 + 1 + 1) / (4 * 15)
    EXPECT_DOUBLE_EQ(spearman_rho(std::vector<double>{1, 2, 3, 4}, std::vector<double>{10, 20, 40, 30}), 0.8);
    EXPECT_EQ(spearman_rho(std::vector<double>{1, 2}, std::vector<double>{3, 3}), 0);
}

TEST(RankStats, OrderIsAllThatCounts) {
    Rng rng(2);
    std::vector<double> a, b, stretched;
    for (int i = 0; i < 50; ++i) {
        a.push_back(rng.normal());
        b.push_back(a.back() + rng.normal());
        stretched.push_back(std::exp(3 * b.back()));
    }
    EXPECT_DOUBLE_EQ(kendall_tau(a, b), kendall_tau(a, stretched));
    EXPECT_DOUBLE_EQ(spearman_rho(a, b), spearman_rho(a, stretched));
    EXPECT_DOUBLE_EQ(kendall_tau(a, b), kendall_tau(b, a));
}

TEST(RankStats, RootMeanSquareError) {
    EXPECT_DOUBLE_EQ(root_mean_square_error(std::vector<double>{1, 2}, std::vector<double>{4, 6}), std::sqrt(12.5));
    EXPECT_EQ(root_mean_square_error({}, {}), 0);
}

}  // namespace
}  // namespace nachos::core
