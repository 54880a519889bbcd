#include "cli/ablation_arms.h"
#include "cli/commands.h"
#include "cli/config.h"
#include "cli/training_arguments.h"
#include "core/error.h"
#include "core/files.h"
#include "study/store.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace nachos::cli {
namespace {

/// Replaces this process by nachos-train with the same arguments.
[[noreturn]] void run_training_program(const std::vector<std::string>& arguments) {
    const std::string program = (core::program_folder() / "nachos-train").string();
    std::vector<char*> argv{const_cast<char*>(program.c_str())};
    for (const std::string& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
    argv.push_back(nullptr);
    // Read when the libraries are loaded, so set here. Waiting threads sleep instead of spinning, which on a shared machine
    // is several times faster; OpenBLAS (small linear layers) keeps to the thread that calls it.
    ::setenv("OMP_WAIT_POLICY", "PASSIVE", 0);
    ::setenv("OPENBLAS_NUM_THREADS", "1", 0);
    // Maps are megabytes: in pages of 4 KB each, looking addresses up takes a tenth of the training time.
    ::setenv("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1", 0);
    ::execv(program.c_str(), argv.data());
    fail(ErrorKind::runtime, "cannot start {}: {}; this build may lack the parts that train (see nachos doctor)", program,
         std::strerror(errno));
}

}  // namespace

void add_training_commands(CLI::App& app, int argc, char** argv) {
    const std::vector<std::string> passed_on(argv + 1, argv + argc);
    auto arguments = std::make_shared<TrainingArguments>();
    add_search_options(app, *arguments)->callback([arguments, passed_on] {
        load_config(arguments->config, arguments->overrides);  // every mistake in it is told before torch is even started
        run_training_program(passed_on);
    });
    auto ablate_arguments = std::make_shared<TrainingArguments>();
    add_ablate_options(app, *ablate_arguments)->callback([ablate_arguments, passed_on] {
        check_ablation(load_config(ablate_arguments->config, ablate_arguments->overrides));
        run_training_program(passed_on);
    });
    auto final_arguments = std::make_shared<TrainingArguments>();
    add_final_options(app, *final_arguments)->callback([final_arguments, passed_on] {
        study::Study::open_readonly(final_arguments->out);
        run_training_program(passed_on);
    });
}

void add_engines_command(CLI::App& bench, int argc, char** argv) {
    const std::vector<std::string> passed_on(argv + 1, argv + argc);
    auto arguments = std::make_shared<TrainingArguments>();
    add_engines_options(bench, *arguments)->callback([arguments, passed_on] {
        load_config(arguments->config, arguments->overrides);
        run_training_program(passed_on);
    });
}

}  // namespace nachos::cli
