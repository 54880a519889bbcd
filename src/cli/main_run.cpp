#include "cli/commands.h"

int main(int argc, char** argv) {
    CLI::App app("Runs early-exit models that nachos trained.", "nachos-run");
    nachos::cli::add_run_commands(app);
    return nachos::cli::run_app(app, argc, argv);
}
