#include "cli/commands.h"
#include "cli/train_session.h"

#include <malloc.h>

#include <cstdlib>

int main(int argc, char** argv) {
    using namespace nachos::cli;
    // Supernet training meets thousands of layer shapes; oneDNN's default cache of 1,024 would compile kernels again and
    // again.
    ::setenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "16384", 0);
    // Activations come and go by the megabyte: given back to the system each time, they cost a quarter of the training time
    // in page faults.
    ::mallopt(M_MMAP_THRESHOLD, 32 << 20);
    ::mallopt(M_TRIM_THRESHOLD, 1 << 30);
    ::mallopt(M_TOP_PAD, 64 << 20);
    CLI::App app("The part of nachos that trains; nachos search, final, ablate and bench engines start it.", "nachos");
    app.require_subcommand(1);
    TrainingArguments search, final, ablate, engines;
    add_search_options(app, search)->callback([&] { search_command(search); });
    add_final_options(app, final)->callback([&] { final_command(final); });
    add_ablate_options(app, ablate)->callback([&] { ablate_command(ablate); });
    CLI::App* bench = app.add_subcommand("bench", "figures of the search machinery");
    add_engines_options(*bench, engines)->callback([&] { bench_engines_command(engines); });
    CLI::App* worker = app.add_subcommand("worker")->group("");  // started by the others
    std::string folder, digest;
    worker->add_option("DIR", folder)->required();
    worker->add_option("WEIGHTS", digest)->required();
    worker->callback([&] { worker_command(folder, digest); });
    return run_app(app, argc, argv);
}
