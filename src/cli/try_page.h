#pragma once

#include "study/store.h"

#include <string>

namespace nachos::cli {

/// The page that runs a trained network of the study in the browser: its stages as ONNX, the study's sample images and what
/// was recorded of them. `name` is the trained network's; empty = the most accurate admissible design's. Throws
/// Error(inadmissible) if there is none, Error(usage) naming the known ones, or if the program was built without the page.
std::string try_page(const study::Study& study, const std::string& name);

}  // namespace nachos::cli
