#pragma once

#include "arch/search_space.h"

/// A search space of its own: stacks of depthwise-separable convolutions, as in MobileNet (Howard et al. 2017,
/// arXiv 1704.04861), with exits to be designed after the first two of three stages.
nachos::arch::SpaceData separable_space();
