#include "arch/spaces.h"

namespace nachos::arch {

SpaceData mbv3_small() {
    SpaceData space;
    space.name = "mbv3-small";
    space.stem_widths = {8, 16};
    space.stem_strides = {1, 2};
    const auto stage = [](int stride, Activation activation, bool se, std::vector<int> depths, std::vector<int> widths) {
        return StageSpace{stride, activation, se, std::move(depths), std::move(widths), {3, 5}, {2, 3, 4}};
    };
    space.stages = {stage(1, Activation::relu, false, {1, 2}, {8, 16}),
                    stage(2, Activation::relu, false, {1, 2, 3}, {16, 24, 32}),
                    stage(2, Activation::hard_swish, true, {1, 2, 3}, {32, 48, 64}),
                    stage(1, Activation::hard_swish, true, {1, 2, 3}, {48, 64, 96})};
    space.exit_convs = {0, 1, 2};
    space.exit_widths = {32, 64};
    space.exit_pools = {1, 2};
    space.final_feature = 128;
    return space;
}

}  // namespace nachos::arch
