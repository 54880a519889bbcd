#include "train/inherit.h"

#include "arch/search_space.h"

#include <gtest/gtest.h>

namespace nachos::train {
namespace {

using torch::Tensor;

struct Case {
    std::string space;
    int resolution;
    int channels;
};

class Inherit : public testing::TestWithParam<Case> {
  protected:
    arch::SearchSpace space() const {
        arch::SpaceOptions options;
        options.name = GetParam().space;
        return arch::make_space(options, {GetParam().resolution, GetParam().channels, 7});
    }
    /// (n, C, H, W) with channels-last strides, one channel included.
    Tensor images(int n) const {
        const auto [name, side, channels] = GetParam();
        return torch::randn({n, side, side, channels}).permute({0, 3, 1, 2});
    }
};

// The oracle is libtorch: nn::recalibrate and nn::FoldedNet.
TEST_P(Inherit, AgreesWithTorch) {
    torch::manual_seed(1);
    const arch::SearchSpace space = this->space();
    const nn::WeightBank bank(space.weight_layers(), core::Rng(2));
    core::Rng rng(3);
    const arch::NetDesc net = space.build(space.with_all_exits(space.decode(space.sample(rng))));
    const std::vector<Tensor> batches{images(20), images(20), images(9)};
    const nn::NetStats ours = batch_statistics(net, bank, batches), theirs = nn::recalibrate(net, bank, batches);
    ASSERT_EQ(ours.size(), theirs.size());
    for (const auto& [name, stats] : theirs) {
        EXPECT_TRUE(torch::allclose(ours.at(name).mean, stats.mean, 1e-3, 1e-4)) << name;
        EXPECT_TRUE(torch::allclose(ours.at(name).variance, stats.variance, 1e-3, 1e-4)) << name;
    }
    const arch::NetDesc folded = nn::to_desc(net, bank, theirs);
    const PreparedImages validation{{images(20), images(5)}, std::vector<std::int32_t>(25, 0)};
    const policy::RecordedTable table = record(folded, validation, torch::kCPU);
    const nn::FoldedNet oracle(folded);
    std::size_t row = 0;
    for (const Tensor& batch : validation.batches) {
        const nn::Outputs out = oracle.run(batch);
        for (std::int64_t n = 0; n < batch.size(0); ++n, ++row) {
            for (std::size_t e = 0; e < out.logits.size(); ++e) {
                const std::size_t at = row * out.logits.size() + e;
                const Tensor logits = torch::from_blob(const_cast<float*>(table.logits.data()) + at * 7, {7});
                EXPECT_TRUE(torch::allclose(logits, out.logits[e][n], 1e-3, 1e-3)) << "sample " << row << ", exit " << e;
                if (out.gates[e].defined()) {
                    EXPECT_NEAR(table.gates[at], out.gates[e][n].item<float>(), 1e-3);
                }
            }
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Spaces, Inherit,
                         testing::Values(Case{"mbv3-small", 28, 1}, Case{"ofa-mbv3", 32, 3}, Case{"resnet8", 32, 3}),
                         [](const auto& info) {
                             std::string name = info.param.space;
                             std::erase(name, '-');
                             return name;
                         });

}  // namespace
}  // namespace nachos::train
