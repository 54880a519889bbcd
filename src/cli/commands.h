#pragma once

#include <CLI/CLI.hpp>

#include <functional>
#include <string>

namespace nachos::cli {

/// How results are printed to stdout.
enum class Format { table, json, csv };

/// Adds "--format table|json|csv" to a command.
void add_format_option(CLI::App& command, Format& format);

/// One function a command; each sets the command's callback. Errors leave as nachos::Error.
void add_data_command(CLI::App& app);        // data check
void add_profile_command(CLI::App& app);     // profile
void add_pareto_command(CLI::App& app);      // pareto
void add_tune_command(CLI::App& app);        // tune
void add_config_command(CLI::App& app);      // config show|check|schema
void add_doctor_command(CLI::App& app);      // doctor
void add_report_command(CLI::App& app);      // report
void add_serve_command(CLI::App& app);       // serve
void add_export_command(CLI::App& app);      // export
void add_verify_command(CLI::App& app);      // verify
CLI::App* add_bench_command(CLI::App& app);  // bench surrogates|nsga2
/// search, final, ablate and, below `bench`, engines check their configuration here and are then run by nachos-train beside
/// this program.
void add_training_commands(CLI::App& app, int argc, char** argv);
void add_engines_command(CLI::App& bench, int argc, char** argv);
/// nachos: all of the above.
void add_nachos_commands(CLI::App& app, int argc, char** argv);
/// nachos-run: classify images (no subcommand) and eval.
void add_run_commands(CLI::App& app);

/// Parses, runs, catches once: prints one sentence for an Error and returns the contract's exit code.
int run_app(CLI::App& app, int argc, char** argv);

}  // namespace nachos::cli
