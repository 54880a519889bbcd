#include "cli/commands.h"

int main(int argc, char** argv) {
    CLI::App app("Designs early-exit neural networks under limits on accuracy and computation.", "nachos");
    nachos::cli::add_nachos_commands(app, argc, argv);
    return nachos::cli::run_app(app, argc, argv);
}
