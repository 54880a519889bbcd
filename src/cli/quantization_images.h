#pragma once

#include "data/dataset.h"
#include "model/model_file.h"

#include <filesystem>
#include <string>

namespace nachos::cli {

/// Enough of these images to find the ranges that maps take, evenly spread over them.
data::Examples range_images(const data::Examples& train);

/// Images to quantize a model with.
struct QuantizationImages {
    data::Examples ranges;       ///< of the training part, a few hundred
    data::Examples calibration;  ///< the calibration part
    bool own = true;             ///< the model's own parts, none of whose calibration images it learnt from
};

/// From the parts that the model was trained and calibrated with: `model_file` lies in a study, which knows them (`data`, if
/// given, says where they lie now). Outside of a study `data` is needed and divided as the model says, or where it does not,
/// as a new study would, which need not be as the model's were (`own`). Throws Error(usage) if it is missing,
/// Error(bad_data) if the classes are others.
QuantizationImages quantization_images(const model::Model& model, const std::filesystem::path& model_file,
                                       const std::string& data);

}  // namespace nachos::cli
