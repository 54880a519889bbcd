#pragma once

#include "model/model_file.h"

#include <string>
#include <vector>

namespace nachos::exporting {

/// One ONNX model a stage (opset 17), as bytes of the file. Inputs: "image" (N, H, W, C) bytes for the first; for the others
/// what earlier stages computed and they need, by name. Outputs: "logits" (N, K), "gate" (N, 1) where the exit has one, and
/// what later stages need. Checked by ONNX's checker with shape inference; throws Error(runtime) with what that says.
std::vector<std::string> onnx_stages(const model::Model& model);

/// All in one: behind each exit an If whose else-branch holds what follows. Inputs: "image" (1, H, W, C) bytes and, if there
/// are early exits, "thresholds" (E - 1) (2 = that exit is off), as the manifest has them. Outputs: "label", "exit" (from
/// 0), "confidence" (1) each, "logits" (1, K). Errors as above.
std::string onnx_single(const model::Model& model);

}  // namespace nachos::exporting
