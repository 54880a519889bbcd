#include "cli/model_data.h"

#include "cli/config.h"
#include "core/error.h"
#include "core/files.h"
#include "data/parts.h"

#include <algorithm>

namespace nachos::cli {
namespace {

constexpr std::size_t kRangeImages = 512;

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

}  // namespace

data::Examples range_images(const data::Examples& train) {
    std::vector<int> rows;
    const std::size_t step = std::max<std::size_t>(1, train.size() / kRangeImages);
    for (std::size_t i = 0; i < train.size() && rows.size() < kRangeImages; i += step) rows.push_back(static_cast<int>(i));
    return data::select(train, rows);
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

QuantizationImages quantization_images(const model::Model& model, const std::filesystem::path& model_file,
                                       const std::string& data) {
    const std::filesystem::path config_file =
        std::filesystem::absolute(model_file).parent_path().parent_path() / "config.toml";
    data::DataOptions options;
    std::uint64_t seed = 0;
    if (std::filesystem::exists(config_file)) {
        const SearchConfig config = parse_config(core::read_file(config_file), config_file.string());
        options = config.data;
        seed = config.seed;
    } else {
        require(!data.empty(), ErrorKind::usage,
                "{} lies in no study, so the images to quantize it with are not known; name them with --data",
                model_file.string());
    }
    if (!data.empty()) options.path = data;
    const data::Parts parts = data::split(load_for(model, options), options, seed);
    return {.ranges = range_images(parts.train.examples()), .calibration = parts.calibration.examples()};
}

}  // namespace nachos::cli
