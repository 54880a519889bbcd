#include "cli/commands.h"
#include "core/error.h"
#include "core/version.h"

#include <fmt/format.h>

#include <cstdio>
#include <new>

namespace nachos::cli {
namespace {

int say(const CLI::App& app, std::string_view sentence, int exit_code) {
    std::fflush(stdout);
    fmt::print(stderr, "{}: {}\n", app.get_name(), sentence);
    return exit_code;
}

/// The innermost command the user named: its --help is the one to point at.
std::string named_command(const CLI::App& app) {
    std::string path = app.get_name();
    for (const CLI::App* at = &app; !at->get_subcommands().empty();) {
        at = at->get_subcommands().front();
        path += ' ' + at->get_name();
    }
    return path;
}

int parse_error(const CLI::App& app, const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e);  // --help and --version
    std::string what = e.what();
    while (!what.empty() && (what.back() == '\n' || what.back() == '.')) what.pop_back();
    const std::string sentence = fmt::format("{}; see {} --help", what, named_command(app));
    return say(app, sentence, static_cast<int>(ErrorKind::usage));
}

}  // namespace

void add_format_option(CLI::App& command, Format& format) {
    const auto set = [&format](const std::string& name) {
        format = name == "json" ? Format::json : name == "csv" ? Format::csv : Format::table;
    };
    command.add_option_function<std::string>("--format", set, "how the result is printed: table, json or csv")
        ->check(CLI::IsMember({"table", "json", "csv"}))
        ->option_text("FORMAT [table]");
}

int run_app(CLI::App& app, int argc, char** argv) {
    app.set_version_flag("--version", fmt::format("{} {} ({})", app.get_name(), core::version(), core::commit()));
    app.set_help_all_flag("--help-all", "print the help of every command");
    try {
        app.parse(argc, argv);
        return 0;
    } catch (const CLI::ParseError& e) {
        return parse_error(app, e);
    } catch (const Error& e) {
        return say(app, e.what(), e.exit_code());
    } catch (const std::bad_alloc&) {
        return say(app, "out of memory", static_cast<int>(ErrorKind::runtime));
    } catch (const std::exception& e) {
        return say(app, e.what(), static_cast<int>(ErrorKind::runtime));
    }
}

}  // namespace nachos::cli
