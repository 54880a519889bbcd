#pragma once

#include "cli/commands.h"
#include "cli/progress_bar.h"

#include <string>
#include <vector>

namespace nachos::cli {

struct LutArguments {
    std::string out;                     ///< LUT.json
    std::string config;                  ///< CONFIG.toml whose groups [space] and [data] are read; empty = `space`
    std::vector<std::string> overrides;  ///< "key=value"
    std::string space = "mbv3-small";    ///< a row of arch::spaces(), where there is no configuration
    int resolution = 0;                  ///< pixels; 0 = what the configuration's data has, else 32
    int channels = 0;                    ///< 0 = likewise, else 3
    int classes = 0;                     ///< 0 = likewise, else 10
    int designs = 20;                    ///< random ones that predictions are checked on
    int passes = 7;
    Format format = Format::table;
    ProgressStyle progress = ProgressStyle::automatic;
};

/// nachos-run lut: measures every layer that a space can need on this machine, one thread kept on one core, writes the
/// table, and prints how well it predicts random designs.
void measure_lut(const LutArguments& arguments);

}  // namespace nachos::cli
