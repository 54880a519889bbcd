#include "cli/commands.h"
#include "cli/tune_output.h"
#include "core/error.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <memory>

namespace nachos::cli {
namespace {

constexpr int kMostRefined = 200000;  // samples; with more, quantiles are fine enough and walking between them is slow

struct TuneArguments {
    std::string table;
    std::string costs;
    std::string report;
    policy::ThresholdLimits limits;
    Format format = Format::table;
};

policy::OperatingPoint report_on(const policy::ExitView& view, const TuneArguments& arguments, const TuneResult& result) {
    const std::size_t exits = result.costs.executed.size();
    require(static_cast<std::size_t>(view.exits) == exits, ErrorKind::bad_data, "{}: has {} exits, {} has {}",
            arguments.report, view.exits, arguments.table, exits);
    return policy::apply(view, result.tuning.best.point.thresholds, result.costs.executed);
}

TuneResult solve(const TuneArguments& arguments) {
    policy::check(arguments.limits);
    const policy::ExitView view = policy::read_csv_table(arguments.table);
    TuneResult result{.costs = policy::read_exit_costs(arguments.costs, view.exits), .samples = view.samples};
    const auto start = std::chrono::steady_clock::now();
    result.tuning = policy::tune(view, result.costs.executed, arguments.limits, {.refine = view.samples <= kMostRefined});
    result.solver_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    return result;
}

void tune(const TuneArguments& arguments) {
    TuneResult result = solve(arguments);
    require_admissible(result.tuning.best);
    if (!arguments.report.empty()) {
        const policy::ExitView view = policy::read_csv_table(arguments.report);
        result.report_samples = view.samples;
        result.report = report_on(view, arguments, result);
    }
    const auto text = arguments.format == Format::json  ? tune_json(result)
                      : arguments.format == Format::csv ? tune_csv(result)
                                                        : tune_table(result);
    std::fwrite(text.data(), 1, text.size(), stdout);
}

void add_limits(CLI::App& command, policy::ThresholdLimits& limits) {
    const auto add = [&](const char* name, std::optional<double>& limit, const char* help) {
        return command.add_option(name, limit, help)->group("Limits");
    };
    CLI::Option* average = add("--max-avg-cost", limits.max_avg_cost, "most cost of a sample, mean over TABLE.csv");
    add("--max-p95-cost", limits.max_p95_cost, "most cost that 95 % of the samples may reach");
    add("--min-accuracy", limits.min_accuracy, "least share of samples classified rightly");
    add("--min-class-accuracy", limits.min_class_accuracy, "least accuracy of the worst class");
    add("--confidence", limits.confidence, "let the one-sided upper bound of the mean meet --max-avg-cost, e.g. 0.95")
        ->needs(average);
}

}  // namespace

void add_tune_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand("tune", "the best exit thresholds for any early-exit model's recorded outputs");
    auto arguments = std::make_shared<TuneArguments>();
    command->add_option("TABLE.csv", arguments->table, "label,pred_1,conf_1,...,pred_E,conf_E, a row a sample")->required();
    command->add_option("--costs", arguments->costs, "COSTS.json: {\"unit\": \"macs\", \"executed\": [c_1, ..., c_E]}")
        ->required();
    command->add_option("--report", arguments->report, "a second table, on which the best thresholds are measured");
    add_limits(*command, arguments->limits);
    add_format_option(*command, arguments->format);
    command->callback([arguments] { tune(*arguments); });
}

}  // namespace nachos::cli
