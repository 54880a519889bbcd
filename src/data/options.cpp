#include "data/dataset.h"
#include "data/loader.h"

namespace nachos::data {

void DataOptions::describe(core::OptionVisitor& v) {
    std::vector<std::string_view> names{"auto"};
    for (const auto& row : formats()) names.push_back(row.name);
    v.field({.key = "path",
             .help = "Folder or file, relative to the current folder; \"fashion-mnist\" is the Debian package's copy, "
                     "\"synthetic\" or \"synthetic:N\" a made-up set for tests."},
            path);
    v.field({.key = "format", .help = "How the data are stored; auto goes by the names of the files.", .allowed = names},
            format);
    v.field({.key = "resolution",
             .help = "Height and width in pixels that images are resized to, from 8; 0 leaves them as they are.",
             .min = 0,
             .max = 1024},
            resolution);
    v.field({.key = "channels", .help = "1 makes images grey, 3 colour, 0 leaves them as they are.", .min = 0, .max = 3},
            channels);
    v.field({.key = "test_fraction",
             .help = "Share of the training images that becomes the test split where the source has none; 0 carves none.",
             .min = 0,
             .max = 0.5},
            test_fraction);
    v.field({.key = "validation_fraction",
             .help = "Share of the official training split that the search measures designs on.",
             .min = 0.001,
             .max = 0.4},
            validation_fraction);
    v.field({.key = "calibration_fraction",
             .help = "Share of the official training split that final thresholds and temperatures are fitted on.",
             .min = 0.001,
             .max = 0.4},
            calibration_fraction);
    v.field({.key = "train_limit",
             .help = "At most this many images of the training split are used, drawn per class in proportion; 0 uses all.",
             .min = 0},
            train_limit);
}

void AugmentOptions::describe(core::OptionVisitor& v) {
    v.field({.key = "pad_crop",
             .help = "Images are padded by this many pixels of the mean colour and cropped back at a random place.",
             .min = 0,
             .max = 32},
            pad_crop);
    v.field({.key = "flip", .help = "Mirror images left to right with probability 1/2."}, flip);
    v.field({.key = "cutout",
             .help = "Side in pixels of a square, at a random place, that is set to the mean colour; 0 sets none.",
             .min = 0,
             .max = 64},
            cutout);
}

}  // namespace nachos::data
