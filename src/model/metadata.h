#pragma once

#include "core/safetensors.h"
#include "model/model_file.h"

#include <map>
#include <string>

namespace nachos::model {

/// Everything of a model but its weights, as JSON texts under the keys that save_model lists.
std::map<std::string, std::string> to_metadata(const Model& model);

/// The reverse, with weights still empty and costs computed anew from the network. Throws Error(bad_data): a key missing or
/// of the wrong type, a newer schema version, an unknown measure, costs that are not the network's.
Model from_metadata(const core::TensorFile& file, const std::string& where);

}  // namespace nachos::model
