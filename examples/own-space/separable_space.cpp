#include "separable_space.h"

namespace arch = nachos::arch;

namespace {

/// The block builder: one depthwise and one pointwise convolution. Layer names begin with the block's, because weights are
/// shared by name between the architectures of a space.
int separable_block(arch::NetBuilder& net, const arch::BlockSpec& block, const arch::StageSpace& stage, int x) {
    x = net.depthwise(block.name + ".depthwise", x, block.kernel, block.stride, stage.activation);
    return net.conv(block.name + ".pointwise", x, block.width, 1, 1, stage.activation);
}

}  // namespace

arch::SpaceData separable_space() {
    arch::SpaceData space;
    space.name = "separable";
    space.stem_strides = {1, 2};
    space.stem_widths = {8, 16};
    space.stem_activation = arch::Activation::relu;
    const auto stage = [](int stride, std::vector<int> widths) {
        return arch::StageSpace{.stride = stride,
                                .activation = arch::Activation::relu,
                                .squeeze_excitation = false,
                                .depths = {1, 2, 3},
                                .widths = std::move(widths),
                                .kernels = {3, 5},
                                .expands = {1}};  // this block has no expansion: one value, no decision
    };
    space.stages = {stage(1, {16, 24}), stage(2, {24, 32, 48}), stage(2, {48, 64, 96})};
    space.build_block = separable_block;
    space.exit_convs = {0, 1};
    space.exit_widths = {16, 32};
    space.exit_pools = {1, 2};
    return space;
}
