#include "train/losses.h"

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

TEST(ClassificationLoss, TeacherAloneGivesCrossEntropyAgainstItsSoftmax) {
    LossOptions options;
    options.distillation = 1;
    const Tensor teacher = torch::softmax(torch::randn({7, 4}, torch::kDouble), 1);
    const Tensor logits = torch::randn({7, 4}, torch::kDouble);
    const Tensor wanted = -(teacher * torch::log_softmax(logits, 1)).sum(1);
    EXPECT_TRUE(torch::allclose(class_losses(logits, labels(), options, teacher), wanted));
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
    const Tensor teacher = torch::softmax(torch::randn({7, 4}, torch::kDouble), 1);
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

}  // namespace
}  // namespace nachos::train
