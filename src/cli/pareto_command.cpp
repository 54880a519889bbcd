#include "cli/commands.h"
#include "cli/limit_options.h"
#include "cli/terminal.h"
#include "core/error.h"
#include "report/front_text.h"
#include "report/results.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>

namespace nachos::cli {
namespace {

struct ParetoArguments {
    explicit ParetoArguments(CLI::App& command) : limits(command) {}

    std::string folder;
    Format format = Format::table;
    bool searched = false;
    bool no_plot = false;
    LimitOptions limits;
};

[[noreturn]] void fail_inadmissible(const report::Results& results) {
    std::string message = "no design meets the limits";
    if (!results.nearest.empty()) message += "; the nearest:";
    for (const auto& design : results.nearest)
        for (const auto& violation : design.violations)
            message += fmt::format("\n  {}: {}", design.id, report::violation_text(violation));
    throw Error(ErrorKind::inadmissible, message);
}

std::string plot(const report::Snapshot& snapshot, const report::Results& results) {
    constexpr int kWidest = 120;
    const Terminal terminal = terminal_of(STDOUT_FILENO);
    const report::PlotStyle style{
        .width = std::min(terminal.width, kWidest), .unicode = writes_utf8(), .coloured = may_colour(terminal)};
    const std::string text = report::front_text(snapshot, results, style);
    return text.empty() ? text : text + "\n";
}

void print_pareto(const ParetoArguments& arguments) {
    const auto snapshot = report::read(study::Study::open_readonly(arguments.folder));
    const auto limits = arguments.limits.applied_to(snapshot.facts.limits);
    const auto has_latencies = [](const study::Evaluation& e) { return !e.costs.latency_us.empty(); };
    require(!limits.max_avg_latency_us || snapshot.evaluations.empty() ||
                std::any_of(snapshot.evaluations.begin(), snapshot.evaluations.end(), has_latencies),
            ErrorKind::usage, "--max-avg-latency-us needs a study with a latency table (latency.table); {} has none",
            arguments.folder);
    const auto stage = arguments.searched ? report::Stage::searched : report::Stage::final;
    const auto results = report::results(snapshot, limits, stage);
    if (results.designs.empty()) fail_inadmissible(results);
    switch (arguments.format) {
        case Format::table:
            if (!arguments.no_plot) fmt::print("{}", plot(snapshot, results));
            fmt::print("{}", report::pareto_table(results));
            break;
        case Format::json:
            fmt::print("{}", report::pareto_json(results));
            break;
        case Format::csv:
            fmt::print("{}", report::pareto_csv(results));
            break;
    }
}

}  // namespace

void add_pareto_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand("pareto", "the admissible designs of a study under any limits");
    auto arguments = std::make_shared<ParetoArguments>(*command);
    command->add_option("DIR", arguments->folder, "folder of the study")->required();
    command->add_flag("--searched", arguments->searched, "the designs of the search, though some are trained by now");
    command->add_flag("--no-plot", arguments->no_plot, "the table alone, without the front drawn above it");
    add_format_option(*command, arguments->format);
    command->callback([arguments] { print_pareto(*arguments); });
}

}  // namespace nachos::cli
