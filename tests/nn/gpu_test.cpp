#include "nn/network.h"

#include <ATen/Context.h>
#include <gtest/gtest.h>

// What a GPU computes, beside the CPU: scripts/gpu-test. Without one each is skipped and says so.

namespace nachos::nn {
namespace {

using torch::Tensor;

class NetworkGpu : public testing::TestWithParam<const char*> {
  protected:
    void SetUp() override {
        if (!torch::cuda::is_available()) GTEST_SKIP() << "skipped: no CUDA device";
        at::globalContext().setAllowTF32CuDNN(false);  // 10 bits of mantissa would hide what is compared
    }
};

TEST_P(NetworkGpu, OutputsAndGradientsAreTheCpus) {
    torch::manual_seed(3);
    arch::SpaceOptions options;
    options.name = GetParam();
    const arch::SearchSpace space = arch::make_space(options, {16, 3, 5});
    const WeightBank cpu(space.weight_layers(), core::Rng(5)), gpu(space.weight_layers(), core::Rng(5), torch::kCUDA);
    core::Rng rng(6);
    const arch::NetDesc net = space.build(space.with_all_exits(space.decode(space.sample(rng))));
    const Tensor x = torch::randn({8, 16, 16, 3}).permute({0, 3, 1, 2});
    const Outputs a = run(net, cpu, x), b = run(net, gpu, x.to(torch::kCUDA));
    Tensor loss_a = torch::zeros({}), loss_b = torch::zeros({}, torch::kCUDA);
    for (std::size_t e = 0; e < a.logits.size(); ++e) {
        EXPECT_TRUE(torch::allclose(a.logits[e], b.logits[e].cpu(), 1e-3, 1e-3));
        loss_a = loss_a + a.logits[e].square().mean();
        loss_b = loss_b + b.logits[e].square().mean();
    }
    loss_a.backward();
    loss_b.backward();
    for (const auto& [name, layer] : cpu.layers()) {
        const Tensor own = layer.weight.grad(), other = gpu.layers().at(name).weight.grad();
        ASSERT_EQ(own.defined(), other.defined()) << name;
        if (!own.defined()) continue;
        EXPECT_LE((own - other.cpu()).norm().item<double>(), 1e-2 * own.norm().item<double>() + 1e-5) << name;
    }
}

TEST_P(NetworkGpu, FoldedNetworksAgree) {
    torch::manual_seed(4);
    arch::SpaceOptions options;
    options.name = GetParam();
    const arch::SearchSpace space = arch::make_space(options, {16, 3, 5});
    const WeightBank bank(space.weight_layers(), core::Rng(7), torch::kCUDA);
    const arch::NetDesc net = space.build(space.with_all_exits(space.smallest()));
    const Tensor x = torch::randn({16, 16, 16, 3}).permute({0, 3, 1, 2});
    const arch::NetDesc folded = to_desc(net, bank, recalibrate(net, bank, {x.to(torch::kCUDA)}));
    const Outputs a = FoldedNet(folded).run(x), b = FoldedNet(folded, torch::kCUDA).run(x.to(torch::kCUDA));
    for (std::size_t e = 0; e < a.logits.size(); ++e)
        EXPECT_TRUE(torch::allclose(a.logits[e], b.logits[e].cpu(), 1e-3, 1e-3));
}

INSTANTIATE_TEST_SUITE_P(Spaces, NetworkGpu, testing::Values("mbv3-small", "ofa-mbv3", "resnet8"));

}  // namespace
}  // namespace nachos::nn
