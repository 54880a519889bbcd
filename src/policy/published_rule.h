#pragma once

#include "policy/thresholds.h"

namespace nachos::policy {

/// The thresholds NACHOS publishes (arXiv 2401.13330), the base line that tune() must beat: one of the seven thresholds 0.1,
/// 0.2, ..., 0.7 for all early exits, then repaired step by step: while the average cost exceeds the limit, the thresholds
/// are lowered by 0.1, one exit after another from the first on, round and round, none below 0. The paper leaves open which
/// of the seven is repaired. Deviation, in its favour: each of them is, and the most accurate result is taken, ties to the
/// cheaper. Nothing if the limit is not met even where all thresholds are 0. Confidences are meant to lie in [0, 1]. O(E N)
/// for each of at most 49 (E - 1) vectors. Throws Error(bad_data) as apply() does.
std::optional<OperatingPoint> published_rule(const ExitView& view, std::span<const double> cost, double max_avg_cost);

}  // namespace nachos::policy
