#include "cli/bench_nsga2.h"
#include "cli/bench_surrogates.h"
#include "cli/commands.h"
#include "core/error.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>

namespace nachos::cli {
namespace {

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

/// Figures are for programs first: JSON unless a table is asked for.
void add_bench_format(CLI::App& command, bool& as_table) {
    command
        .add_option_function<std::string>(
            "--format", [&as_table](const std::string& f) { as_table = f == "table"; },
            "how the figures are printed: json or table")
        ->check(CLI::IsMember({"json", "table"}))
        ->option_text("FORMAT [json]");
}

struct SurrogateArguments {
    std::string file;
    std::string target;
    SurrogateBenchOptions options;
    search::EncodingOptions encoding = {.one_hot = false, .costs = false};
    bool as_table = false;
};

void bench_surrogates(const SurrogateArguments& arguments) {
    const BenchArchive archive = read_bench_archive(arguments.file, arguments.encoding);
    const auto networks = static_cast<int>(archive.rows.size());
    constexpr int kLeastLater = 10;
    SurrogateBench bench{.file = arguments.file,
                         .networks = networks,
                         .columns = static_cast<int>(archive.rows.front().size()),
                         .options = arguments.options,
                         .targets = {}};
    if (bench.options.first + kLeastLater > networks) bench.options.first = 0;
    for (const BenchTarget& target : bench_targets())
        if (arguments.target.empty() || arguments.target == target.name)
            bench.targets.push_back(surrogate_figures(archive, target, bench.options));
    print(arguments.as_table ? surrogates_table(bench) : surrogates_json(bench));
}

void add_bench_surrogates(CLI::App& bench) {
    CLI::App* command = bench.add_subcommand("surrogates", "how well the surrogates predict networks they have not seen");
    auto arguments = std::make_shared<SurrogateArguments>();
    SurrogateBenchOptions& options = arguments->options;
    std::vector<std::string> names;
    for (const BenchTarget& target : bench_targets()) names.emplace_back(target.name);
    command->add_option("ARCHIVE.jsonl", arguments->file, "measured networks: genes, top1, avg_macs_m; one a line")
        ->required();
    command->add_option("--target", arguments->target, "what is predicted: top1 or avg_macs; both if not given")
        ->check(CLI::IsMember(names));
    command->add_option("--folds", options.folds, "folds of the cross-validation [10]")->check(CLI::Range(2, 20));
    command->add_option("--first", options.first, "networks that are fitted to rank all later ones; 0 = none [100]")
        ->check(CLI::Range(0, 1000000));
    command->add_option("--seed", options.seed, "of folds and models [1]");
    command->add_flag("--nested", options.nested,
                      "also choose anew in each fold: as honest as it gets, eleven times the work");
    command->add_flag("--one-hot", arguments->encoding.one_hot, "a column a value of each gene, beside its number");
    command->add_flag("--cost-features", arguments->encoding.costs, "exact costs of the genes as columns");
    add_bench_format(*command, arguments->as_table);
    command->callback([arguments] { bench_surrogates(*arguments); });
}

void add_bench_nsga2(CLI::App& bench) {
    CLI::App* command = bench.add_subcommand("nsga2", "hypervolume and seconds of NSGA-II on problems with known fronts");
    struct Arguments {
        Nsga2BenchOptions options;
        bool as_table = false;
    };
    auto arguments = std::make_shared<Arguments>();
    command->add_option("--population", arguments->options.population, "survivors kept [100]")->check(CLI::Range(2, 10000));
    command->add_option("--generations", arguments->options.generations, "each as large as the population [200]")
        ->check(CLI::Range(1, 100000));
    command->add_option("--seeds", arguments->options.seeds, "runs of each problem [5]")->check(CLI::Range(1, 1000));
    add_bench_format(*command, arguments->as_table);
    command->callback([arguments] {
        const Nsga2Bench figures = nsga2_figures(arguments->options);
        print(arguments->as_table ? nsga2_table(figures) : nsga2_json(figures));
    });
}

}  // namespace

CLI::App* add_bench_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand("bench", "figures of the search machinery");
    command->require_subcommand(1);
    add_bench_surrogates(*command);
    add_bench_nsga2(*command);
    return command;
}

}  // namespace nachos::cli
