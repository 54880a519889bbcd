#pragma once

#include "model/model_file.h"

#include <string>

namespace nachos::cli {

/// Reads a model and checks that nachos-run can feed it. Throws Error(bad_data).
model::Model runnable_model(const std::string& path);
/// The second half of it; `where` names the model in errors.
void check_runnable(const model::Model& model, const std::string& where);

}  // namespace nachos::cli
