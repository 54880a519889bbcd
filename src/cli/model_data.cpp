#include "cli/model_data.h"

#include "core/error.h"

#include <algorithm>

namespace nachos::cli {
data::Dataset load_for(const model::Model& model, data::DataOptions options) {
    options.resolution = model.preprocessing.height;
    options.channels = model.preprocessing.channels;
    data::Dataset dataset = data::load(options);
    const auto [ours, theirs] = std::mismatch(model.class_names.begin(), model.class_names.end(),
                                              dataset.class_names.begin(), dataset.class_names.end());
    const auto name = [](auto it, const auto& names) { return it == names.end() ? std::string("none") : "'" + *it + "'"; };
    require(ours == model.class_names.end() && theirs == dataset.class_names.end(), ErrorKind::bad_data,
            "{}: class {} is {}, the model's is {}", options.path, ours - model.class_names.begin(),
            name(theirs, dataset.class_names), name(ours, model.class_names));
    return dataset;
}

data::Examples examples_for(const model::Model& model, const std::string& data, const std::string& split) {
    data::DataOptions options;
    options.path = data;
    data::Dataset dataset = load_for(model, options);
    if (split == "train") return std::move(dataset.train);
    require(dataset.test.has_value(), ErrorKind::bad_data, "{} has no test split; --split train measures on the other",
            data);
    return std::move(*dataset.test);
}

}  // namespace nachos::cli
