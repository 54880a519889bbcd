#include "cli/commands.h"

#include <fmt/format.h>

namespace nachos::cli {
namespace {

constexpr const char* kExitCodes =
    "Exit codes: 0 done; 1 the machine failed; 2 an option or a configuration key; 3 no design meets the limits;\n"
    "4 bad data; 5 an exported form differs; 75 stopped after a checkpoint, the same command goes on.";

/// What stands below a command's help.
struct Example {
    const char* command;  ///< as it is typed
    const char* line;
};
constexpr Example kExamples[] = {
    {"data check", "nachos data check my-images"},
    {"search", "nachos search configs/quickstart.toml limits.max_avg_macs=3e5 --out runs/mine"},
    {"final", "nachos final runs/mine --top 5 --max-avg-macs 200000"},
    {"ablate", "nachos ablate configs/ablate-fashion.toml --seeds 3 --out runs/ablation"},
    {"pareto", "nachos pareto runs/mine --max-avg-macs 300000 --min-accuracy none"},
    {"profile", "nachos profile runs/mine/models/MODEL.safetensors"},
    {"tune", "nachos tune TABLE.csv --costs COSTS.json --max-avg-cost 250000"},
    {"report", "nachos report runs/mine --out mine.html"},
    {"serve", "nachos serve runs/mine --port 0"},
    {"export", "nachos export runs/mine/models/MODEL.safetensors --to c --out export"},
    {"verify", "nachos verify export --data fashion-mnist"},
    {"bench surrogates", "nachos bench surrogates ARCHIVE.jsonl --format table"},
    {"bench nsga2", "nachos bench nsga2 --format table"},
    {"bench engines", "nachos bench engines configs/engines-fashion.toml --engines nsga2,nachos --out runs/engines"},
    {"config show", "nachos config show configs/tiny.toml limits.min_accuracy=none"},
    {"config check", "nachos config check configs/images.toml data.path=my-images"},
    {"config schema", "nachos config schema > nachos.schema.json"},
    {"config reference", "nachos config reference > reference.md"},
    {"doctor", "nachos doctor --full"},
};

void add_examples(CLI::App& command, const std::string& path) {
    for (CLI::App* below : command.get_subcommands([](CLI::App*) { return true; }))
        add_examples(*below, path.empty() ? below->get_name() : path + " " + below->get_name());
    for (const Example& example : kExamples)
        if (path == example.command) command.footer(fmt::format("Example: {}", example.line));
}

}  // namespace

void add_nachos_commands(CLI::App& app, int argc, char** argv) {
    app.require_subcommand(1);
    add_data_command(app);
    add_training_commands(app, argc, argv);
    add_pareto_command(app);
    add_profile_command(app);
    add_tune_command(app);
    add_report_command(app);
    add_serve_command(app);
    add_export_command(app);
    add_verify_command(app);
    add_engines_command(*add_bench_command(app), argc, argv);
    add_config_command(app);
    add_doctor_command(app);
    app.footer(fmt::format("nachos COMMAND --help says more. {}", kExitCodes));
    add_examples(app, "");
}

}  // namespace nachos::cli
