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

void add_split_options(CLI::App& command, SplitArguments& arguments) {
    command.add_option("--data", arguments.data, "folder or file, \"fashion-mnist\" or \"synthetic[:N]\"")->required();
    command.add_option("--split", arguments.name, "test or train")
        ->check(CLI::IsMember({"test", "train"}))
        ->capture_default_str();
    command
        .add_option("--test-fraction", arguments.test_fraction,
                    "where DATA has no test split, the share of it that the search set aside; default: as the model says")
        ->check(CLI::Range(0.0, 0.5));
}

data::DataOptions division_of(const model::Model& model, const std::string& data) {
    const model::DataDivision division = model.division.value_or(model::DataDivision{});
    return {.path = data,
            .test_fraction = division.test_fraction,
            .validation_fraction = division.validation_fraction,
            .calibration_fraction = division.calibration_fraction,
            .train_limit = division.train_limit};
}

data::Examples examples_for(const model::Model& model, const SplitArguments& arguments) {
    data::DataOptions options = division_of(model, arguments.data);
    if (arguments.test_fraction) options.test_fraction = *arguments.test_fraction;
    data::Dataset dataset = load_for(model, options);
    if (arguments.name == "train") return std::move(dataset.train);
    require(dataset.test.has_value(), ErrorKind::bad_data,
            "{} has no test split; --test-fraction carves the one that a search with data.test_fraction set aside, and "
            "--split train measures on the other",
            arguments.data);
    return std::move(*dataset.test);
}

}  // namespace nachos::cli
