#pragma once

#include "data/dataset.h"
#include "model/model_file.h"

#include <string>

namespace nachos::cli {

/// The data set, its images as the model takes them. Throws Error(bad_data) if its classes are others.
data::Dataset load_for(const model::Model& model, data::DataOptions options);

/// The "test" or "train" split of a data set, at the model's size and with its classes. Throws Error(bad_data) if the
/// classes are others or there is no such split.
data::Examples examples_for(const model::Model& model, const std::string& data, const std::string& split);

}  // namespace nachos::cli
