#pragma once

#include "cli/commands.h"
#include "cli/model_data.h"

#include <optional>
#include <string>

namespace nachos::cli {

struct EvalArguments {
    std::string model;
    SplitArguments split;
    std::optional<double> max_avg_macs;
    Format format = Format::table;
};

/// nachos-run eval: runs the model over a split and prints what it did.
void evaluate(const EvalArguments& arguments);

}  // namespace nachos::cli
