#pragma once

#include "data/dataset.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace nachos::data {

struct SizeCount {
    int height = 0;
    int width = 0;
    int channels = 0;
    std::size_t images = 0;
};

/// What a data set holds as it lies on disk, before any conversion, and everything that is wrong with it.
struct Inspection {
    std::string name;
    std::string format;  ///< a row of formats()
    std::vector<std::string> class_names;
    std::vector<SizeCount> sizes;                  ///< most frequent first
    std::vector<std::size_t> train;                ///< readable images per class
    std::optional<std::vector<std::size_t>> test;  ///< likewise; absent where the source has no test split
    std::vector<std::string> problems;             ///< one sentence for each bad file, naming it
};

/// Reads the whole data set, one image at a time, and goes on after bad files. Uses `path` and `format` of the options.
/// Throws Error only where there is nothing to read; see find_source.
Inspection inspect(const DataOptions& options);

}  // namespace nachos::data
