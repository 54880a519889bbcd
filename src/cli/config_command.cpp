#include "cli/commands.h"
#include "cli/config.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>

namespace nachos::cli {
namespace {

struct ConfigArguments {
    std::string path;
    std::vector<std::string> overrides;
};

void add_reader(CLI::App& config, const char* name, const char* help, void (*print)(const SearchConfig&)) {
    auto arguments = std::make_shared<ConfigArguments>();
    CLI::App* command = config.add_subcommand(name, help);
    command->add_option("CONFIG", arguments->path, "configuration file (TOML)")->required();
    command->add_option("OVERRIDES", arguments->overrides, "key=value, e.g. limits.max_avg_macs=400000");
    command->callback([arguments, print] { print(load_config(arguments->path, arguments->overrides)); });
}

}  // namespace

void add_config_command(CLI::App& app) {
    CLI::App* config = app.add_subcommand("config", "show or check a configuration, or print every key there is");
    config->require_subcommand(1);
    add_reader(*config, "show", "every key with the value it resolves to, as TOML",
               [](const SearchConfig& c) { fmt::print("{}", to_toml(c)); });
    add_reader(*config, "check", "say whether a configuration can be used",
               [](const SearchConfig&) { fmt::print("the configuration is fine\n"); });
    config->add_subcommand("schema", "JSON schema of the configuration, for editors")->callback([] {
        fmt::print("{}", config_schema());
    });
    config->add_subcommand("reference", "every key with default, range and meaning, as Markdown tables")->callback([] {
        fmt::print("{}", config_reference());
    });
}

}  // namespace nachos::cli
