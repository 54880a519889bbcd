#include "arch/spaces.h"

namespace nachos::arch {

SpaceData ofa_mbv3() {
    SpaceData space;
    space.name = "ofa-mbv3";
    space.stem_widths = {16};
    space.stem_strides = {2};
    space.first_block = true;
    const auto stage = [](int stride, Activation activation, bool se, int width) {
        return StageSpace{stride, activation, se, {2, 3, 4}, {width}, {3, 5, 7}, {3, 4, 6}};
    };
    space.stages = {stage(2, Activation::relu, false, 24), stage(2, Activation::relu, true, 40),
                    stage(2, Activation::hard_swish, false, 80), stage(1, Activation::hard_swish, true, 112),
                    stage(2, Activation::hard_swish, true, 160)};
    space.exit_style = ExitStyle::published;
    space.final_expand = 960;
    space.final_feature = 1280;
    return space;
}

}  // namespace nachos::arch
