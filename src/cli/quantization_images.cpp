#include "cli/quantization_images.h"

#include "cli/config.h"
#include "cli/model_data.h"
#include "core/error.h"
#include "core/files.h"
#include "data/parts.h"

#include <algorithm>

namespace nachos::cli {
namespace {

constexpr std::size_t kRangeImages = 512;

}  // namespace

data::Examples range_images(const data::Examples& train) {
    std::vector<int> rows;
    const std::size_t step = std::max<std::size_t>(1, train.size() / kRangeImages);
    for (std::size_t i = 0; i < train.size() && rows.size() < kRangeImages; i += step) rows.push_back(static_cast<int>(i));
    return data::select(train, rows);
}

QuantizationImages quantization_images(const model::Model& model, const std::filesystem::path& model_file,
                                       const std::string& data) {
    const std::filesystem::path config_file =
        std::filesystem::absolute(model_file).parent_path().parent_path() / "config.toml";
    data::DataOptions options;
    std::uint64_t seed = 0;
    bool own = true;
    if (std::filesystem::exists(config_file)) {
        const SearchConfig config = parse_config(core::read_file(config_file), config_file.string());
        options = config.data;
        seed = config.seed;
    } else {
        require(!data.empty(), ErrorKind::usage,
                "{} lies in no study, so the images to quantize it with are not known; name them with --data",
                model_file.string());
        options = division_of(model, data);
        own = model.division.has_value();
        if (own) seed = model.division->seed;
    }
    if (!data.empty()) options.path = data;
    const data::Parts parts = data::split(load_for(model, options), options, seed);
    return {.ranges = range_images(parts.train.examples()), .calibration = parts.calibration.examples(), .own = own};
}

}  // namespace nachos::cli
