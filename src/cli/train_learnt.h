#pragma once

#include "cli/train_session.h"

namespace nachos::cli {

/// What became of the designs that were learnt with the supernet: expected and tuned costs, kept with the study. Throws
/// Error(runtime) if they are no answer and the engine has no other; of the engine "hybrid" it is a note of the study.
void judge_learnt(const Session& session, study::Study& study, const search::Decoded& learnt,
                  std::span<const study::Evaluation> archive);

}  // namespace nachos::cli
