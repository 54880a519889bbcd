#pragma once

#include "model/model_file.h"

namespace nachos::model {

/// The same network with its final classifier alone: early heads are gone, weights are what they were. One threshold set
/// without thresholds, of which nothing was measured.
Model without_exits(const Model& model);

}  // namespace nachos::model
