#include "cli/commands.h"
#include "cli/machine.h"
#include "core/error.h"
#include "core/files.h"
#include "core/version.h"
#include "data/formats.h"

#include <fmt/format.h>
#include <jpeglib.h>
#include <png.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <spdlog/version.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <memory>

extern char** environ;

namespace nachos::cli {
namespace {

constexpr int kTrainerTimeoutMs = 20000;

void line(const char* name, const std::string& value) { fmt::print("{:<14}{}\n", name, value); }

std::string library_versions() {
    return fmt::format(
        "fmt {}.{}.{}, spdlog {}.{}.{}, CLI11 {}, nlohmann-json {}.{}.{}, SQLite {}, zlib {}, libpng {}, "
        "libjpeg {}",
        FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100, SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR,
        SPDLOG_VER_PATCH, CLI11_VERSION, NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR,
        NLOHMANN_JSON_VERSION_PATCH, sqlite3_libversion(), zlibVersion(), png_get_libpng_ver(nullptr), JPEG_LIB_VERSION);
}

/// First line of what a program prints, if it ends well within the time.
std::string first_line_of(int output, pid_t child) {
    std::string text;
    pollfd ready{output, POLLIN, 0};
    while (text.find('\n') == std::string::npos && ::poll(&ready, 1, kTrainerTimeoutMs) == 1) {
        char buffer[256];
        const ssize_t count = ::read(output, buffer, sizeof buffer);
        if (count <= 0) break;
        text.append(buffer, static_cast<std::size_t>(count));
    }
    if (text.empty()) ::kill(child, SIGKILL);
    return text.substr(0, text.find('\n'));
}

/// Starts `program --version`: its first line, or why there is none.
std::string version_of(const std::filesystem::path& program) {
    int ends[2];
    if (::pipe(ends) != 0) return "cannot be started (no pipe)";
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    std::string name = program.string();
    char option[] = "--version";
    char* arguments[] = {name.data(), option, nullptr};
    pid_t child = 0;
    const int error = ::posix_spawn(&child, program.c_str(), &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    const std::string text = error == 0 ? first_line_of(ends[0], child) : "";
    ::close(ends[0]);
    int status = 0;
    if (error == 0) ::waitpid(child, &status, 0);
    return !text.empty() && status == 0 ? text : "does not run: build it again with make build";
}

std::string trainer_text(bool start_it) {
    const auto program = core::program_folder() / "nachos-train";
    if (!std::filesystem::exists(program)) return "missing: search and final need it; make build makes it";
    return start_it ? version_of(program) : "found (doctor --full starts it)";
}

std::string fashion_mnist_text() {
    try {
        data::DataOptions options;
        options.path = "fashion-mnist";
        return data::find_source(options).path.string();
    } catch (const Error& error) {
        return fmt::format("missing: {}", error.what());
    }
}

void print_doctor(bool full) {
    const Machine machine = this_machine();
    line("nachos", fmt::format("{} ({})", core::version(), core::commit()));
    line("compiler", compiler_text());
    line("libraries", library_versions());
    line("system", machine.system);
    line("processor", fmt::format("{}, {} cores usable, {}", machine.cpu, machine.cores, machine.simd));
    line("training", computes_in_bfloat16() ? "maps in bfloat16 (precision = \"float32\" keeps them in float32)"
                                            : "maps in float32; the processor has no instructions for bfloat16");
    line("memory", machine.memory);
    line("nachos-train", trainer_text(full));
    line("Fashion-MNIST", fashion_mnist_text());
}

}  // namespace

void add_doctor_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand("doctor", "versions, processor, and what is missing");
    auto full = std::make_shared<bool>(false);
    command->add_flag("--full", *full, "also start nachos-train, which takes seconds");
    command->callback([full] { print_doctor(*full); });
}

}  // namespace nachos::cli
