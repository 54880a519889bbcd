#pragma once

#include "search/archive.h"

#include <span>
#include <vector>

namespace nachos::search {

/// Successive halving (Jamieson and Talwalkar 2016, arXiv 1502.07943) with several objectives: the `count` evaluations that
/// go on to the next fidelity, as indices into the archive. Front after front as finalists() orders them; where those run
/// out, the ones nearest to the limits. Fewer where fewer worked.
std::vector<int> promoted(std::span<const study::Evaluation> archive, const study::Limits& limits,
                          const HypervolumeAxes& axes, int count);

}  // namespace nachos::search
