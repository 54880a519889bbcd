#pragma once

#include "cli/commands.h"
#include "cli/model_data.h"

#include <optional>
#include <string>
#include <vector>

namespace nachos::cli {

struct BenchArguments {
    std::string model;
    SplitArguments split;
    std::vector<std::string> against;  ///< more models, measured beside it
    std::optional<double> max_avg_macs;
    int images = 2000;
    Format format = Format::table;
};

/// nachos-run bench: time and memory of a model on real images, beside the same network without exits and other models; all
/// take turns image by image, so that what else the machine does falls on all alike.
void bench_model(const BenchArguments& arguments);

}  // namespace nachos::cli
