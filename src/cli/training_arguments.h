#pragma once

#include "cli/commands.h"
#include "cli/limit_options.h"
#include "cli/progress_bar.h"

#include <CLI/CLI.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace nachos::cli {

/// Options of the commands that train, read alike by nachos (which checks them) and nachos-train (which does the work).
struct TrainingArguments {
    std::string config;                  ///< CONFIG.toml; search only
    std::vector<std::string> overrides;  ///< "key=value"; search only
    std::string out;                     ///< DIR
    int workers = 0;                     ///< candidates evaluated at once; 0 = one a core
    double max_hours = 0;                ///< stop after a checkpoint beyond this; 0 = no limit
    bool resume_only = false;
    bool overwrite = false;
    std::optional<int> top;           ///< final only: architectures trained, instead of the study's final.top
    std::optional<bool> comparators;  ///< final only: whether they are trained, instead of the study's final.comparators
    int seeds = 3;                    ///< ablate and bench engines only
    Format format = Format::table;    ///< likewise
    std::vector<std::string> engines = {"nsga2", "nachos"};  ///< bench engines only; beside the floor
    double equal_hours = 0;                ///< bench engines only: for supernet and search of each engine; 0 = no limit
    std::shared_ptr<LimitOptions> limits;  ///< final only: instead of the study's
    ProgressStyle progress = ProgressStyle::automatic;
    std::string log_file;  ///< JSON lines; empty = DIR/log.jsonl
};

/// "search CONFIG.toml [key=value ...] --out DIR" and its options.
CLI::App* add_search_options(CLI::App& app, TrainingArguments& arguments);

/// "final DIR [--top K] [--comparators | --no-comparators] [LIMITS]" and its options.
CLI::App* add_final_options(CLI::App& app, TrainingArguments& arguments);

/// "ablate CONFIG.toml [key=value ...] [--out DIR] [--seeds N]" and its options.
CLI::App* add_ablate_options(CLI::App& app, TrainingArguments& arguments);

/// "engines CONFIG.toml [key=value ...] [--out DIR] [--seeds N] [--engines A,B] [--equal-hours H]" of the command `bench`,
/// and its options.
CLI::App* add_engines_options(CLI::App& bench, TrainingArguments& arguments);

}  // namespace nachos::cli
