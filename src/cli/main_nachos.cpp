#include "cli/commands.h"

int main(int argc, char** argv) {
    using namespace nachos::cli;
    CLI::App app("Designs early-exit neural networks under limits on accuracy and computation.", "nachos");
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
    return run_app(app, argc, argv);
}
