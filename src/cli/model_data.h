#pragma once

#include "cli/commands.h"
#include "data/dataset.h"
#include "model/model_file.h"

#include <optional>
#include <string>

namespace nachos::cli {

/// The data set, its images as the model takes them. Throws Error(bad_data) if its classes are others.
data::Dataset load_for(const model::Model& model, data::DataOptions options);

/// Which images a model is measured on.
struct SplitArguments {
    std::string data;                          ///< data.path
    std::string name = "test";                 ///< or "train"
    std::optional<double> test_fraction = {};  ///< of the data carved as test split; [0, 0.5]; nothing = as the model says
};

/// --data, --split and --test-fraction; `arguments` outlives `command`.
void add_split_options(CLI::App& command, SplitArguments& arguments);

/// How the model's data were divided, for these data; as a new study would where the model does not say.
data::DataOptions division_of(const model::Model& model, const std::string& data);

/// That split, at the model's size and with its classes. Throws Error(bad_data) if the classes are others or there is no
/// such split.
data::Examples examples_for(const model::Model& model, const SplitArguments& arguments);

}  // namespace nachos::cli
