#pragma once

#include "core/options.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nachos::data {

/// Labelled images as bytes.
struct Examples {
    int height = 0;
    int width = 0;
    int channels = 0;                  ///< 1 or 3
    std::vector<std::uint8_t> pixels;  ///< (N, H, W, C), rows top to bottom
    std::vector<std::int32_t> labels;  ///< (N), in [0, classes)

    std::size_t size() const { return labels.size(); }
    std::size_t image_bytes() const { return static_cast<std::size_t>(height) * width * channels; }
    const std::uint8_t* image(std::size_t i) const { return pixels.data() + i * image_bytes(); }
};

/// The images named by `rows`, in that order.
Examples select(const Examples& examples, const std::vector<int>& rows);

struct Dataset {
    std::string name;
    std::vector<std::string> class_names;
    Examples train;
    std::optional<Examples> test;  ///< absent where the source has no test split

    int classes() const { return static_cast<int>(class_names.size()); }
};

/// Configuration group [data].
struct DataOptions {
    std::string path = {};  ///< folder or file; "fashion-mnist" is the Debian package's copy, "synthetic[:N]" a made-up set
    std::string format = "auto";        ///< a row of formats(), or "auto": recognised by what the folder holds
    int resolution = 0;                 ///< images are resized to this height = width; 0 = as they are; [8, 1024]
    int channels = 0;                   ///< 1 = grey, 3 = colour, 0 = as they are
    double test_fraction = 0;           ///< where the source has no test split: this share of training becomes one; [0, 0.5]
    double validation_fraction = 0.1;   ///< of the official training split (method 8); (0, 0.4]
    double calibration_fraction = 0.1;  ///< likewise; (0, 0.4]
    int train_limit = 0;                ///< use at most this many training images, drawn per class; 0 = all

    void describe(core::OptionVisitor& v);
};

class Sink;  // data/source.h

/// The table of formats: everything nachos can read, on one screen.
struct FormatRow {
    std::string_view name;
    std::string_view summary;
    bool (*recognise)(const std::filesystem::path&);  ///< by names alone; reads no content
    void (*read)(const std::filesystem::path&, Sink&);
};
const std::vector<FormatRow>& formats();

/// Reads a data set whole: images resized and converted as asked, labels checked. Throws Error(bad_data) naming the file and
/// the record; Error(usage) for options that do not fit (a test split is missing and test_fraction is 0 is no error here).
Dataset load(const DataOptions& options);

}  // namespace nachos::data
