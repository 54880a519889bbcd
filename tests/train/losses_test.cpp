#include "train/losses.h"

#include "train/class_loss.h"
#include "train/cost_loss.h"
#include "train/exit_probabilities.h"
#include "train/gate_loss.h"
#include "train/support_loss.h"

#include <gtest/gtest.h>

#include <functional>

namespace nachos::train {
namespace {

using torch::Tensor;

/// Central differences in f64 against autograd, entry by entry.
double worst_gradient_error(const std::function<Tensor(const Tensor&)>& f, const Tensor& at) {
    Tensor x = at.clone().set_requires_grad(true);
    f(x).backward();
    const Tensor gradient = x.grad().flatten();
    double worst = 0;
    for (std::int64_t i = 0; i < gradient.numel(); ++i) {
        const double h = 1e-6;
        Tensor up = at.clone(), down = at.clone();
        up.view(-1)[i] += h;
        down.view(-1)[i] -= h;
        const double numeric = (f(up).item<double>() - f(down).item<double>()) / (2 * h);
        worst = std::max(worst, std::abs(numeric - gradient[i].item<double>()));
    }
    return worst;
}

/// Three exits, four classes: x (N, 3 * 4 + 2) holds logits and two gates.
nn::Outputs outputs_of(const Tensor& x) {
    nn::Outputs out;
    for (int e = 0; e < 3; ++e) {
        out.logits.push_back(x.narrow(1, 4 * e, 4));
        out.gates.push_back(e < 2 ? x.select(1, 12 + e) : Tensor());
    }
    return out;
}

Tensor random_outputs() {
    torch::manual_seed(11);
    return torch::randn({7, 14}, torch::kDouble) * 2;
}

const Tensor& labels() {
    static const Tensor y = torch::tensor({0, 1, 1, 3, 0, 1, 3}, torch::kLong);  // class 2 is absent
    return y;
}

TEST(ExitProbabilities, StickBreakingByHand) {
    // c_1 = 1/2, c_2 = 3/4: p = 1/2, 1/2 * 3/4, 1/2 * 1/4.
    const Tensor p = exit_probabilities({torch::zeros({1}), torch::full({1}, std::log(3.0)), Tensor()});
    EXPECT_NEAR(p[0][0].item<double>(), 0.5, 1e-6);
    EXPECT_NEAR(p[0][1].item<double>(), 0.375, 1e-6);
    EXPECT_NEAR(p[0][2].item<double>(), 0.125, 1e-6);
}

TEST(ExitProbabilities, SumToOneAndStayFiniteForExtremeGates) {
    const Tensor far = torch::tensor({-200.0, -30.0, 0.0, 30.0, 200.0}, torch::kDouble).set_requires_grad(true);
    const Tensor p = exit_probabilities({far, far.flip(0), Tensor()});
    EXPECT_TRUE(torch::allclose(p.sum(1), torch::ones({5}, torch::kDouble)));
    (p * torch::arange(3, torch::kDouble)).sum().backward();
    EXPECT_TRUE(torch::isfinite(far.grad()).all().item<bool>());
}

TEST(ClassificationLoss, WeightedByHand) {
    nn::Outputs out;  // uniform logits cost log 4 everywhere, and the probabilities sum to 1
    out.logits.assign(3, torch::zeros({2, 4}));
    out.gates = {torch::randn({2}), torch::randn({2}), Tensor()};
    LossOptions options;
    options.classification = "weighted";
    options.label_smoothing = 0;
    const Tensor y = torch::tensor({0, 3}, torch::kLong);
    EXPECT_NEAR(classification_loss(out, y, options, {}).item<double>(), std::log(4.0), 1e-6);
    options.classification = "independent";
    EXPECT_NEAR(classification_loss(out, y, options, {}).item<double>(), 3 * std::log(4.0), 1e-5);
}

TEST(ClassificationLoss, WeightedReachesEveryGate) {
    LossOptions options;
    options.classification = "weighted";
    const Tensor x = random_outputs().set_requires_grad(true);
    classification_loss(outputs_of(x), labels(), options, {}).backward();
    EXPECT_TRUE((x.grad().narrow(1, 12, 2).abs() > 0).all().item<bool>());
}

TEST(ClassificationLoss, TeacherAloneGivesDivergenceFromItsSoftmax) {
    const Taught taught{.probabilities = torch::softmax(torch::randn({7, 4}, torch::kDouble), 1), .share = 1};
    const Tensor logits = torch::randn({7, 4}, torch::kDouble);
    const Tensor& q = taught.probabilities;
    const Tensor wanted = (q * (torch::log(q) - torch::log_softmax(logits, 1))).sum(1);
    EXPECT_TRUE(torch::allclose(class_losses(logits, labels(), {}, taught), wanted));
}

// z / 2 = (log 3, 0): the pupil gives (3/4, 1/4) at temperature 2, (9/10, 1/10) at 1.
TEST(ClassificationLoss, TeacherAtATemperatureByHand) {
    const Tensor z = torch::tensor({{2 * std::log(3.0), 0.0}}, torch::kDouble), y = torch::tensor({1}, torch::kLong);
    const Taught taught{
        .probabilities = torch::tensor({{0.5, 0.5}}, torch::kDouble), .share = 0.75, .temperature = 2, .final_exit = true};
    LossOptions options;
    options.label_smoothing = 0;
    const double hard = -std::log(0.1), soft = 0.5 * std::log(0.5 / 0.75) + 0.5 * std::log(0.5 / 0.25);
    EXPECT_NEAR(class_losses(z, y, options, taught).item<double>(), 0.25 * hard + 0.75 * 4 * soft, 1e-12);
}

// Two exits that say nothing of four classes: log 4 each from labels; a teacher that is sure agrees with that.
TEST(ClassificationLoss, EarlyExitsHaveAWeightAndTheFinalOneMayBeLeftUntaught) {
    nn::Outputs out;
    out.logits = {torch::zeros({1, 4}, torch::kDouble), torch::tensor({{0.0, std::log(5.0), 0.0, 0.0}}, torch::kDouble)};
    out.gates = {torch::zeros({1}, torch::kDouble), Tensor()};
    const Tensor y = torch::tensor({1}, torch::kLong);
    LossOptions options;
    options.label_smoothing = 0;
    options.early_weight = 0.5;
    const double early = std::log(4.0), last = -std::log(5.0 / 8);
    EXPECT_NEAR(classification_loss(out, y, options, {}).item<double>(), 0.5 * early + last, 1e-12);
    Taught wrong{.probabilities = torch::tensor({{1.0, 0.0, 0.0, 0.0}}, torch::kDouble), .share = 1, .final_exit = false};
    EXPECT_NEAR(classification_loss(out, y, options, wrong).item<double>(), 0.5 * early + last, 1e-12);
    wrong.final_exit = true;
    EXPECT_NEAR(classification_loss(out, y, options, wrong).item<double>(), 0.5 * early + std::log(8.0), 1e-12);
}

TEST(GateLoss, ByHandAndWithoutEarlyExit) {
    nn::Outputs out;
    out.logits = {torch::tensor({{2.0, 0.0}, {2.0, 0.0}}), torch::zeros({2, 2})};
    out.gates = {torch::tensor({std::log(3.0), 0.0}), Tensor()};
    const Tensor y = torch::tensor({0, 1}, torch::kLong);  // right, wrong: -log(3/4) and -log(1/2)
    EXPECT_NEAR(gate_loss(out, y).item<double>(), (std::log(4.0 / 3) + std::log(2.0)) / 2, 1e-6);
    out.logits.erase(out.logits.begin());
    out.gates.erase(out.gates.begin());
    EXPECT_EQ(gate_loss(out, y).item<double>(), 0);
}

TEST(GateLoss, TargetCarriesNoGradient) {
    const Tensor x = random_outputs().set_requires_grad(true);
    gate_loss(outputs_of(x), labels()).backward();
    EXPECT_EQ(x.grad().narrow(1, 0, 12).abs().sum().item<double>(), 0);
    EXPECT_TRUE((x.grad().narrow(1, 12, 2).abs() > 0).all().item<bool>());
}

TEST(Losses, GradientsAgreeWithFiniteDifferences) {
    const Taught teacher{
        .probabilities = torch::softmax(torch::randn({7, 4}, torch::kDouble), 1), .share = 0.6, .temperature = 3};
    for (const char* kind : {"independent", "weighted"}) {
        LossOptions options;
        options.classification = kind;
        options.gate_weight = 0.7;
        const auto plain = [&](const Tensor& x) { return total_loss(outputs_of(x), labels(), options); };
        const auto taught = [&](const Tensor& x) { return total_loss(outputs_of(x), labels(), options, teacher); };
        EXPECT_LT(worst_gradient_error(plain, random_outputs()), 1e-7) << kind;
        EXPECT_LT(worst_gradient_error(taught, random_outputs()), 1e-7) << kind;
    }
}

TEST(Losses, AnExitAlwaysRightOrAlwaysWrongStaysFinite) {
    for (const double sign : {1.0, -1.0}) {
        Tensor x = torch::zeros({7, 14}, torch::kDouble);
        for (int n = 0; n < 7; ++n) {
            for (int e = 0; e < 3; ++e) x[n][4 * e + labels()[n].item<std::int64_t>()] = sign * 50;
        }
        x.narrow(1, 12, 2).fill_(sign * 40);
        const auto f = [&](const Tensor& at) { return total_loss(outputs_of(at), labels(), LossOptions{}); };
        EXPECT_TRUE(std::isfinite(f(x).item<double>()));
        EXPECT_LT(worst_gradient_error(f, x), 1e-6);
    }
}

/// Probabilities (N, 3) of three exits from gates (N, 2).
Tensor probabilities(const Tensor& gates) { return exit_probabilities({gates.select(1, 0), gates.select(1, 1), Tensor()}); }

const std::vector<double>& costs() {
    static const std::vector<double> c = {100, 200, 400};
    return c;
}

TEST(CostLoss, ByHand) {
    // c_1 = c_2 = 1/2: expected cost 50 + 50 + 100 = 200.
    const Tensor p = probabilities(torch::zeros({3, 2}, torch::kDouble));
    EXPECT_NEAR(cost_loss(p, costs(), 160, "limit").item<double>(), 40.0 / 160, 1e-12);
    EXPECT_NEAR(cost_loss(p, costs(), 160, "published").item<double>(), 40.0 / 240, 1e-12);
    EXPECT_EQ(cost_loss(p, costs(), 200, "limit").item<double>(), 0);
    EXPECT_EQ(cost_loss(p, costs(), 400, "published").item<double>(), 0);  // cost(E) <= M
    EXPECT_EQ(cost_loss(p, costs(), 500, "published").item<double>(), 0);
}

TEST(CostLoss, ReachesEveryGateAndAgreesWithFiniteDifferences) {
    torch::manual_seed(5);
    const Tensor gates = torch::randn({6, 2}, torch::kDouble);
    for (const char* normaliser : {"limit", "published"}) {
        const auto f = [&](const Tensor& g) { return cost_loss(probabilities(g), costs(), 120, normaliser); };
        Tensor g = gates.clone().set_requires_grad(true);
        f(g).backward();
        EXPECT_TRUE((g.grad().abs() > 0).all().item<bool>());  // the public implementation's carries none
        EXPECT_LT(worst_gradient_error(f, gates), 1e-7);
    }
}

/// Table of `exits` exits over classes {0, 1, 2}: predictions[n][i].
policy::RecordedTable table_of(const std::vector<int>& labels, const std::vector<std::vector<int>>& predictions) {
    policy::RecordedTable table{.samples = static_cast<int>(labels.size()),
                                .exits = static_cast<int>(predictions[0].size()),
                                .classes = 3,
                                .labels = {},
                                .logits = {},
                                .gates = {}};
    table.labels.assign(labels.begin(), labels.end());
    for (const auto& row : predictions)
        for (const int predicted : row)
            for (int k = 0; k < 3; ++k) table.logits.push_back(k == predicted ? 1.0F : 0.0F);
    table.gates.resize(labels.size() * predictions[0].size());
    return table;
}

TEST(SupportMatrix, AccuracyPerClassAndExitByHand) {
    const Tensor a = support_matrix(table_of({0, 0, 0, 0, 1}, {{0, 0, 0}, {0, 0, 0}, {0, 1, 0}, {2, 1, 0}, {1, 2, 1}}));
    const Tensor wanted = torch::tensor({{0.75, 0.5}, {1.0, 0.0}, {0.8, 0.4}});  // class 2 is absent: over all samples
    EXPECT_TRUE(torch::allclose(a, wanted.to(torch::kFloat))) << a;
    EXPECT_FALSE(support_matrix(table_of({0}, {{0}})).defined());
}

// Method 10: the public implementation compares every exit with the mean over exits.
TEST(SupportLoss, ComparesExitByExit) {
    const Tensor matrix = torch::tensor({{0.75, 0.25}, {1.0, 0.0}});
    const std::vector<Tensor> gates = {torch::tensor({std::log(3.0), 0.0}, torch::kDouble),
                                       torch::tensor({-std::log(3.0), 0.0}, torch::kDouble), Tensor()};
    const Tensor y = torch::tensor({0, 1}, torch::kLong);
    // Sample 0 says 3/4 and 1/4, as the matrix does; sample 1 says 1/2 where 1 and 0 stand.
    EXPECT_NEAR(support_loss(gates, y, matrix).item<double>(), (0 + 0 + 0.25 + 0.25) / 4, 1e-7);
    EXPECT_EQ(support_loss({Tensor()}, y, {}).item<double>(), 0);
}

TEST(SupportLoss, ReachesEveryGateAndAgreesWithFiniteDifferences) {
    torch::manual_seed(6);
    const Tensor gates = torch::randn({7, 2}, torch::kDouble), matrix = torch::rand({4, 2}, torch::kDouble);
    const auto f = [&](const Tensor& g) {
        return support_loss({g.select(1, 0), g.select(1, 1), Tensor()}, labels(), matrix);
    };
    Tensor g = gates.clone().set_requires_grad(true);
    f(g).backward();
    EXPECT_TRUE((g.grad().abs() > 0).all().item<bool>());
    EXPECT_LT(worst_gradient_error(f, gates), 1e-7);
}

TEST(GateLoss, BalancedWeighsRightAndWrongAlike) {
    nn::Outputs out;  // three right, one wrong
    out.logits = {torch::tensor({{2.0, 0.0}, {2.0, 0.0}, {2.0, 0.0}, {2.0, 0.0}}), torch::zeros({4, 2})};
    out.gates = {torch::full({4}, std::log(3.0)), Tensor()};
    const Tensor y = torch::tensor({0, 0, 0, 1}, torch::kLong);
    EXPECT_NEAR(gate_loss(out, y, true).item<double>(), (std::log(4.0 / 3) + std::log(4.0)) / 2, 1e-6);
    const Tensor always = torch::zeros({4}, torch::kLong);
    EXPECT_EQ(gate_loss(out, always, true).item<double>(), gate_loss(out, always, false).item<double>());
}

TEST(Losses, AllTermsTogetherAgreeWithFiniteDifferences) {
    LossOptions options;
    options.cost_weight = 0.3;
    options.support_weight = 0.6;
    options.gate = "balanced";
    const LossContext context{.cost = costs(), .max_avg_macs = 150, .support = torch::rand({4, 2}, torch::kDouble)};
    const auto f = [&](const Tensor& x) { return total_loss(outputs_of(x), labels(), options, {}, context); };
    EXPECT_LT(worst_gradient_error(f, random_outputs()), 1e-6);
    LossOptions without = options;
    without.cost_weight = without.support_weight = 0;
    const Tensor x = random_outputs();
    const double both = f(x).item<double>(), none = total_loss(outputs_of(x), labels(), without).item<double>();
    const nn::Outputs out = outputs_of(x);
    EXPECT_NEAR(both - none,
                0.3 * cost_loss(exit_probabilities(out.gates), costs(), 150, "limit").item<double>() +
                    0.6 * support_loss(out.gates, labels(), context.support).item<double>(),
                1e-9);
}

}  // namespace
}  // namespace nachos::train
