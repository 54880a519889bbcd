#pragma once

#include "cli/train_session.h"

namespace nachos::cli {

/// Keeps some images of the calibration part in the study (study::kSampleFile), to look at: as many of each class, drawn by
/// the seed. Does nothing if the study has them.
void store_samples(const Session& session, const study::Study& study);

}  // namespace nachos::cli
