#include "arch/spaces.h"

namespace nachos::arch {

SpaceData resnet8() {
    SpaceData space;
    space.name = "resnet8";
    space.block = BlockKind::basic_residual;
    space.stem_widths = {16};
    space.stem_strides = {1};
    space.stem_activation = Activation::relu;
    const auto stage = [](int stride, std::vector<int> widths) {
        return StageSpace{stride, Activation::relu, false, {1, 2}, std::move(widths), {3}, {1}};
    };
    space.stages = {stage(1, {8, 16, 24}), stage(2, {16, 24, 32, 48}), stage(2, {32, 48, 64, 96})};
    space.exit_convs = {0, 1, 2};
    space.exit_widths = {32, 64};
    space.exit_pools = {1, 2};
    return space;
}

}  // namespace nachos::arch
