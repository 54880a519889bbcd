#include "cli/training_arguments.h"

#include "search/engine.h"

#include <fmt/format.h>

namespace nachos::cli {
namespace {

void add_config(CLI::App& command, TrainingArguments& a) {
    command.add_option("CONFIG.toml", a.config, "configuration; see nachos config show")->required();
    command.add_option("key=value", a.overrides, "configuration keys to set instead, e.g. limits.max_avg_macs=3e5");
}

void add_common(CLI::App& command, TrainingArguments& a) {
    command.add_option("--workers", a.workers, "candidates evaluated at once; 0 = one a core; results do not depend on it")
        ->check(CLI::Range(0, 1024));
    command
        .add_option("--max-hours", a.max_hours,
                    "stop at the next checkpoint after this many hours (exit code 75); 0 = no limit")
        ->check(CLI::Range(0.0, 1e6));
    command.add_option("--log-file", a.log_file, "where JSON lines are logged; default DIR/log.jsonl");
    add_progress_option(command, a.progress);
}

/// Of the commands that do the same for several seeds and print one table; `kind` as SeedSeries has it.
void add_series(CLI::App& command, TrainingArguments& a, const std::string& kind) {
    add_config(command, a);
    command.add_option("--out", a.out, "folder of the results; default: " + kind + "-CONFIG")->type_name("DIR");
    command.add_option("--seeds", a.seeds, fmt::format("seeds, counted up from the configuration's [{}]", a.seeds))
        ->check(CLI::Range(1, 1000));
    add_format_option(command, a.format);
    add_common(command, a);
}

}  // namespace

CLI::App* add_search_options(CLI::App& app, TrainingArguments& a) {
    CLI::App* command = app.add_subcommand(
        "search", "the main job: supernet, search, final training, report; the same command again goes on where it stopped");
    add_config(*command, a);
    command->add_option("--out", a.out, "folder of the study")->required();
    CLI::Option* resume = command->add_flag("--resume-only", a.resume_only, "refuse to begin a new study");
    command->add_flag("--overwrite", a.overwrite, "begin anew where DIR already holds a study")->excludes(resume);
    add_common(*command, a);
    return command;
}

CLI::App* add_final_options(CLI::App& app, TrainingArguments& a) {
    CLI::App* command =
        app.add_subcommand("final", "trains and calibrates the chosen designs, reads the test split, writes the models");
    command->add_option("DIR", a.out, "folder of the study")->required();
    command->add_option("--top", a.top, "architectures to train; default: the study's final.top")
        ->check(CLI::Range(1, 1000));
    command->add_flag(
        "--comparators,!--no-comparators", a.comparators,
        "train the networks that results are compared with, or do not; default: the study's final.comparators");
    a.limits = std::make_shared<LimitOptions>(*command);
    add_common(*command, a);
    return command;
}

CLI::App* add_ablate_options(CLI::App& app, TrainingArguments& a) {
    CLI::App* command = app.add_subcommand(
        "ablate", "what the regularizers change: none, cost, support and both, several seeds, equal training, one table");
    add_series(*command, a, "ablation");
    return command;
}

CLI::App* add_engines_options(CLI::App& bench, TrainingArguments& a) {
    CLI::App* command = bench.add_subcommand(
        "engines", "hypervolume of several engines at equal evaluations or equal time, beside random search");
    add_series(*command, a, "engines");
    std::vector<std::string> names;
    for (const search::EngineRow& row : search::engines()) names.emplace_back(row.name);
    command->add_option("--engines", a.engines, "engines compared with random search; by default nsga2,nachos")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->check(CLI::IsMember(names));
    command
        ->add_option("--equal-hours", a.equal_hours,
                     "each engine has this long for its supernet, its choices and evaluations; 0 = until search.evaluations")
        ->check(CLI::Range(0.0, 1e6));
    return command;
}

}  // namespace nachos::cli
