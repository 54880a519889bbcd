#pragma once

#include "cli/commands.h"

#include <optional>
#include <string>

namespace nachos::cli {

struct EvalArguments {
    std::string model;
    std::string data;
    std::string split = "test";
    std::optional<double> max_avg_macs;
    Format format = Format::table;
};

/// nachos-run eval: runs the model over a split and prints what it did.
void evaluate(const EvalArguments& arguments);

}  // namespace nachos::cli
