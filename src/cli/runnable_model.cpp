#include "cli/runnable_model.h"

#include "core/error.h"
#include "data/resize.h"

namespace nachos::cli {

model::Model runnable_model(const std::string& path) {
    model::Model model = model::load_model(path);
    check_runnable(model, path);
    return model;
}

void check_runnable(const model::Model& model, const std::string& where) {
    const model::Preprocessing& p = model.preprocessing;
    require(p.resize_filter == data::kResizeFilter, ErrorKind::bad_data, "{}: resize filter '{}' is not known, '{}' is",
            where, p.resize_filter, data::kResizeFilter);
    require(p.height == p.width && (p.channels == 1 || p.channels == 3), ErrorKind::bad_data,
            "{}: takes {} x {} pixels with {} channels; square images with 1 or 3 are what this program makes", where,
            p.height, p.width, p.channels);
}

}  // namespace nachos::cli
