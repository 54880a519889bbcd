#include "cli/commands.h"
#include "core/error.h"
#include "data/check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>

namespace nachos::cli {
namespace {

std::size_t total(const std::vector<std::size_t>& counts) {
    return std::accumulate(counts.begin(), counts.end(), std::size_t{0});
}

void print_table(const data::Inspection& i) {
    fmt::print("name     {}\nformat   {}\n", i.name, i.format);
    for (const auto& s : i.sizes) {
        fmt::print("images   {} of {} x {} pixels, {}\n", s.images, s.height, s.width, s.channels == 1 ? "grey" : "colour");
    }
    fmt::print("classes  {}\n\n", i.class_names.size());
    std::size_t width = 5;
    for (const auto& name : i.class_names) width = std::max(width, name.size());
    const auto row = [&](const std::string& name, std::size_t train, std::size_t test) {
        fmt::print("{:<{}} {:>9} {:>9}\n", name, width, train, i.test ? std::to_string(test) : "-");
    };
    fmt::print("{:<{}} {:>9} {:>9}\n", "class", width, "train", "test");
    for (std::size_t c = 0; c < i.class_names.size(); ++c) row(i.class_names[c], i.train[c], i.test ? (*i.test)[c] : 0);
    row("total", total(i.train), i.test ? total(*i.test) : 0);
}

void print_csv(const data::Inspection& i) {
    fmt::print("class,train,test\n");
    for (std::size_t c = 0; c < i.class_names.size(); ++c) {
        fmt::print("{},{},{}\n", i.class_names[c], i.train[c], i.test ? std::to_string((*i.test)[c]) : "");
    }
}

void print_json(const data::Inspection& i) {
    auto sizes = nlohmann::ordered_json::array();
    for (const auto& s : i.sizes) {
        sizes.push_back({{"height", s.height}, {"width", s.width}, {"channels", s.channels}, {"images", s.images}});
    }
    nlohmann::ordered_json json{{"name", i.name},
                                {"format", i.format},
                                {"sizes", sizes},
                                {"classes", i.class_names},
                                {"train", {{"total", total(i.train)}, {"per_class", i.train}}},
                                {"test", nullptr},
                                {"problems", i.problems}};
    if (i.test) json["test"] = {{"total", total(*i.test)}, {"per_class", *i.test}};
    // Names of folders and files need not be UTF-8.
    fmt::print("{}\n", json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

void check(const std::string& path, Format format) {
    data::DataOptions options;
    options.path = path;
    const auto inspection = data::inspect(options);
    switch (format) {
        case Format::table:
            print_table(inspection);
            break;
        case Format::json:
            print_json(inspection);
            break;
        case Format::csv:
            print_csv(inspection);
            break;
    }
    const auto& problems = inspection.problems;
    require(problems.empty(), ErrorKind::bad_data, "{} has {} problem{}:\n  {}", inspection.name, problems.size(),
            problems.size() == 1 ? "" : "s", fmt::join(problems, "\n  "));
}

}  // namespace

void add_data_command(CLI::App& app) {
    CLI::App* data = app.add_subcommand("data", "look at data sets");
    data->require_subcommand(1);
    CLI::App* command = data->add_subcommand("check", "read a data set: shapes, classes, counts; names every bad file");
    struct Arguments {
        std::string path;
        Format format = Format::table;
    };
    const auto arguments = std::make_shared<Arguments>();
    command->add_option("DATA", arguments->path, "folder or file, \"fashion-mnist\" or \"synthetic[:N]\"")->required();
    add_format_option(*command, arguments->format);
    command->callback([arguments] { check(arguments->path, arguments->format); });
}

}  // namespace nachos::cli
