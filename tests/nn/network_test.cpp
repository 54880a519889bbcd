#include "nn/network.h"

#include "core/error.h"
#include "cost/cost.h"
#include "runtime/runtime.h"

#include <gtest/gtest.h>

namespace nachos::nn {
namespace {

using arch::SearchSpace;
using torch::Tensor;

SearchSpace space_named(const std::string& name, arch::TaskShape task = {16, 3, 5}) {
    arch::SpaceOptions options;
    options.name = name;
    return arch::make_space(options, task);
}

Tensor images(int n, const arch::TaskShape& task) {
    return torch::randn({n, task.resolution, task.resolution, task.channels}).permute({0, 3, 1, 2});
}

class EverySpace : public testing::TestWithParam<const char*> {};

// Same weights, same batch: the slice of the supernet and the stand-alone network agree bit for bit, gradients included.
TEST_P(EverySpace, SubnetEqualsTheStandAloneNetworkWithItsWeights) {
    torch::manual_seed(3);
    const SearchSpace space = space_named(GetParam());
    WeightBank supernet(space.weight_layers(), core::Rng(5));
    core::Rng rng(6);
    const Tensor x = images(6, space.task());
    for (int i = 0; i < 4; ++i) {
        const arch::NetDesc net = space.build(space.decode(space.sample(rng)));
        const WeightBank alone = supernet.slice(net);
        const Outputs a = run(net, supernet, x), b = run(net, alone, x);
        ASSERT_EQ(a.logits.size(), net.exits.size());
        Tensor loss_a = torch::zeros({}), loss_b = torch::zeros({});
        for (std::size_t e = 0; e < a.logits.size(); ++e) {
            EXPECT_TRUE(torch::equal(a.logits[e], b.logits[e]));
            EXPECT_EQ(a.gates[e].defined(), e + 1 < a.logits.size());
            loss_a = loss_a + a.logits[e].square().sum();
            loss_b = loss_b + b.logits[e].square().sum();
        }
        loss_a.backward();
        loss_b.backward();
        for (const arch::Layer& layer : net.layers) {
            if (!layer.has_weights()) continue;
            Tensor whole = supernet.layers().at(layer.name).weight.mutable_grad();
            const Tensor read = alone.layers().at(layer.name).weight;
            EXPECT_NEAR(whole.abs().sum().item<double>(), read.grad().abs().sum().item<double>(),
                        1e-4 * (1 + read.grad().abs().sum().item<double>()))
                << layer.name;  // nothing flows into weights that the subnet does not read
            whole.zero_();
        }
    }
}

// Maps in bfloat16 lose bits, not direction: logits agree to some per cent, and the whole gradient points the same way.
TEST_P(EverySpace, MapsInBFloat16GiveNearlyTheSameLogitsAndGradients) {
    torch::manual_seed(3);
    const SearchSpace space = space_named(GetParam());
    const arch::NetDesc net = space.build(space.with_all_exits(space.smallest()));
    const WeightBank wide(weighted_layers(net), core::Rng(5)), narrow = wide.replica();
    const Tensor x = images(64, space.task());
    const auto gradient = [&](const WeightBank& bank, const Outputs& outputs) {
        Tensor loss = torch::zeros({});
        for (const Tensor& logits : outputs.logits) loss = loss + logits.square().sum();
        loss.backward();
        std::vector<Tensor> parts;
        for_each_tensor(bank, [&](const std::string&, const Tensor& t) {
            EXPECT_EQ(t.grad().scalar_type(), torch::kFloat);
            parts.push_back(t.grad().flatten());
        });
        return torch::cat(parts);
    };
    const Outputs a = run(net, wide, x), b = run(net, narrow, x.to(torch::kBFloat16));
    for (std::size_t e = 0; e < a.logits.size(); ++e) {
        ASSERT_EQ(b.logits[e].scalar_type(), torch::kFloat);
        EXPECT_LT((a.logits[e] - b.logits[e]).norm().item<double>(), 0.1 * a.logits[e].norm().item<double>()) << e;
    }
    EXPECT_GT(torch::cosine_similarity(gradient(wide, a), gradient(narrow, b), 0).item<double>(), 0.95);
}

TEST_P(EverySpace, HeadsOfEarlyExitsCanBeDifferentiatedAlone) {
    torch::manual_seed(3);
    const SearchSpace space = space_named(GetParam());
    const WeightBank bank(space.weight_layers(), core::Rng(5));
    const arch::NetDesc net = space.build(space.with_all_exits(space.smallest()));
    const Tensor x = images(6, space.task());
    const Outputs whole = run(net, bank, x), heads = run(net, bank, x, Differentiate::early_exits);
    Tensor loss = torch::zeros({});
    for (std::size_t e = 0; e < heads.logits.size(); ++e) {
        EXPECT_TRUE(torch::equal(whole.logits[e], heads.logits[e]));
        loss = loss + heads.logits[e].square().sum();
    }
    loss.backward();
    for (const arch::Layer& layer : net.layers) {
        if (!layer.has_weights()) continue;
        const bool early_head = layer.head && layer.exit + 1 < net.exit_count();
        EXPECT_EQ(bank.layers().at(layer.name).weight.grad().defined(), early_head) << layer.name;
    }
}

// Folding: on the very batch the statistics were measured on, the folded network says what the network in training mode
// says.
TEST_P(EverySpace, FoldedNetworkEqualsTheRecalibratedOne) {
    torch::manual_seed(4);
    const SearchSpace space = space_named(GetParam());
    const WeightBank supernet(space.weight_layers(), core::Rng(7));
    core::Rng rng(8);
    for (int i = 0; i < 3; ++i) {
        const arch::NetDesc net = space.build(space.with_all_exits(space.decode(space.sample(rng))));
        const Tensor x = images(16, space.task());
        const arch::NetDesc folded = to_desc(net, supernet, recalibrate(net, supernet, {x}));
        EXPECT_NO_THROW(arch::check(folded, true, "folded"));
        EXPECT_EQ(cost::costs_of(folded).params, cost::costs_of(net).params);
        const Outputs trained = run(net, supernet, x), plain = FoldedNet(folded).run(x);
        for (std::size_t e = 0; e < plain.logits.size(); ++e) {
            EXPECT_TRUE(torch::allclose(plain.logits[e], trained.logits[e], 1e-3, 2e-3));
        }
    }
}

// The plain C++ reference computes from the definitions what torch computes: weights, layout and exits mean the same to
// both.
TEST_P(EverySpace, ReferenceRuntimeAgreesWithTorch) {
    torch::manual_seed(5);
    const SearchSpace space = space_named(GetParam());
    const WeightBank supernet(space.weight_layers(), core::Rng(9));
    core::Rng rng(10);
    const arch::NetDesc net = space.build(space.with_all_exits(space.decode(space.sample(rng))));
    const Tensor x = images(8, space.task());
    const arch::NetDesc folded = to_desc(net, supernet, recalibrate(net, supernet, {x}));
    const Outputs out = FoldedNet(folded).run(x);
    for (int n = 0; n < 3; ++n) {
        const Tensor plain = x[n].contiguous();
        const std::span<const float> input(plain.data_ptr<float>(), static_cast<std::size_t>(plain.numel()));
        int exits = 0;
        runtime::run_staged(folded, input, [&](int exit, std::span<const float> output) {
            ++exits;
            for (int k = 0; k < net.classes; ++k) {
                const float wanted = out.logits[static_cast<std::size_t>(exit)][n][k].item<float>();
                EXPECT_NEAR(output[static_cast<std::size_t>(k)], wanted, 1e-3 * (1 + std::abs(wanted)));
            }
            return false;
        });
        EXPECT_EQ(exits, net.exit_count());
    }
}

INSTANTIATE_TEST_SUITE_P(Spaces, EverySpace, testing::Values("mbv3-small", "ofa-mbv3", "resnet8"), [](const auto& info) {
    return std::string(info.index == 0 ? "small" : info.index == 1 ? "ofa" : "resnet8");
});

TEST(Recalibration, AveragesOverBatches) {
    const SearchSpace space = space_named("resnet8");
    const WeightBank bank(space.weight_layers(), core::Rng(1));
    const arch::NetDesc net = space.build(space.smallest());
    const Tensor a = images(8, space.task()), b = images(8, space.task()) * 3;
    const NetStats both = recalibrate(net, bank, {a, b}), only_a = recalibrate(net, bank, {a}),
                   only_b = recalibrate(net, bank, {b});
    EXPECT_TRUE(torch::allclose(both.at("stem").mean, (only_a.at("stem").mean + only_b.at("stem").mean) / 2, 1e-4, 1e-5));
    EXPECT_TRUE(torch::allclose(both.at("stem").variance, (only_a.at("stem").variance + only_b.at("stem").variance) / 2,
                                1e-4, 1e-5));
}

TEST(Recalibration, RefusesStatisticsThatAreNotFinite) {
    const SearchSpace space = space_named("resnet8");
    const WeightBank bank(space.weight_layers(), core::Rng(1));
    const arch::NetDesc net = space.build(space.smallest());
    const Tensor x = images(4, space.task());
    x[0][0][0][0] = std::numeric_limits<float>::infinity();
    EXPECT_THROW(recalibrate(net, bank, {x}), Error);
}

TEST(WeightBank, SavedAndLoadedIsTheSame) {
    const SearchSpace space = space_named("mbv3-small");
    const WeightBank bank(space.weight_layers(), core::Rng(1));
    WeightBank other(space.weight_layers(), core::Rng(2));
    core::TensorFile file;
    bank.save(file, "weights.");
    other.load(file, "weights.", "test");
    for_each_tensor(bank, [&](const std::string& name, const Tensor& t) {
        const std::string layer = name.substr(0, name.rfind('.'));
        if (!name.ends_with(".weight")) return;
        EXPECT_TRUE(torch::equal(t, other.layers().at(layer).weight)) << name;
    });
    file.tensors.erase("weights.stem.weight");
    EXPECT_THROW(other.load(file, "weights.", "test"), Error);
}

TEST(WeightBank, SeedDecidesTheWeights) {
    const SearchSpace space = space_named("mbv3-small");
    const WeightBank a(space.weight_layers(), core::Rng(1)), b(space.weight_layers(), core::Rng(1)),
        c(space.weight_layers(), core::Rng(2));
    EXPECT_TRUE(torch::equal(a.layers().at("stem").weight, b.layers().at("stem").weight));
    EXPECT_FALSE(torch::equal(a.layers().at("stem").weight, c.layers().at("stem").weight));
}

}  // namespace
}  // namespace nachos::nn
