#pragma once

#include "search/archive.h"
#include "search/predictor.h"

namespace nachos::search {

struct GapFillingOptions {
    int size = 8;               ///< architectures chosen
    double exploration = 0.25;  ///< share of them chosen by an optimistic error: predicted less one deviation
};

/// Chooses candidates one by one, each for the hypervolume (method 6.6) that its admissible points are expected to add to
/// the archive's front and to what is predicted of those chosen before it, so that they fill gaps and not the same one; the
/// last ones by optimistic errors. Of equal gains the more uncertain candidate. Returns indices into `curves`, in the order
/// chosen. O(size * candidates * front log front).
std::vector<int> fill_gaps(std::span<const study::Evaluation> archive, const study::Limits& limits,
                           const HypervolumeAxes& axes, const std::vector<std::vector<PredictedPoint>>& curves,
                           const GapFillingOptions& options);

}  // namespace nachos::search
