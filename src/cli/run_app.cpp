#include "cli/commands.h"
#include "cli/nearest.h"
#include "core/error.h"
#include "core/version.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <new>

namespace nachos::cli {
namespace {

int say(const CLI::App& app, std::string_view sentence, int exit_code) {
    std::fflush(stdout);
    fmt::print(stderr, "{}: {}\n", app.get_name(), sentence);
    return exit_code;
}

/// The innermost command the user named, and how it is typed: its --help is the one to point at.
struct NamedCommand {
    const CLI::App* command;
    std::string path;
};

NamedCommand named_command(const CLI::App& app) {
    NamedCommand named{&app, app.get_name()};
    while (!named.command->get_subcommands().empty()) {
        named.command = named.command->get_subcommands().front();
        named.path += ' ' + named.command->get_name();
    }
    return named;
}

std::vector<std::string> command_names(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
        names.push_back(command->get_name());
    return names;
}

/// Of a missing command CLI11 says only that it is missing; `word` is what was typed in its place, if anything.
std::string missing_command(const NamedCommand& named, const std::string& word) {
    const std::vector<std::string> names = command_names(*named.command);
    if (word.empty() || word.front() == '-')
        return fmt::format("a command is needed: {}; see {} --help", fmt::join(names, ", "), named.path);
    return fmt::format("there is no command '{}'; did you mean '{}'? See {} --help", word, nearest_key(word, names),
                       named.path);
}

int parse_error(const CLI::App& app, const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e);  // --help and --version
    const NamedCommand named = named_command(app);
    const int code = static_cast<int>(ErrorKind::usage);
    if (dynamic_cast<const CLI::RequiredError*>(&e) != nullptr && named.command->get_require_subcommand_min() > 0) {
        const std::vector<std::string> rest = app.remaining(true);
        return say(app, missing_command(named, rest.empty() ? "" : rest.front()), code);
    }
    std::string what = e.what();
    while (!what.empty() && (what.back() == '\n' || what.back() == '.')) what.pop_back();
    return say(app, fmt::format("{}; see {} --help", what, named.path), code);
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
