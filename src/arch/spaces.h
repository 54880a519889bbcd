#pragma once

#include "arch/search_space.h"

namespace nachos::arch {

/// The published space of NACHOS and EDANAS: MobileNetV3 as in Once-for-all (Cai et al. 2020, arXiv 1908.09791). Deviation:
/// smaller kernels are the centre of larger ones, without Once-for-all's learned transformation.
SpaceData ofa_mbv3();

/// Ours, for inputs of 28 to 64 pixels: narrow inverted bottlenecks, width as a gene, and exit classifiers that are
/// designed.
SpaceData mbv3_small();

/// ResNet-8 of MLPerf Tiny (Banbury et al. 2021, arXiv 2106.07597) with width and depth as genes. Deviation: batch norm on
/// shortcuts.
SpaceData resnet8();

}  // namespace nachos::arch
