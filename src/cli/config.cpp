#include "cli/config.h"

#include "cli/option_visitors.h"
#include "core/error.h"
#include "core/files.h"
#include "policy/confidence.h"
#include "study/fidelity.h"

#include <algorithm>

namespace nachos::cli {

void PolicyOptions::describe(core::OptionVisitor& v) {
    std::vector<std::string_view> names;
    for (const auto& row : policy::measures()) names.push_back(row.name);
    v.field({"measure", "confidence measure that exits are taken by", 0, 0, names}, measure);
    v.field({"budgets", "steps of the grid of average costs that thresholds are fitted for", 2, 64}, budgets);
    v.field(
        {"rule",
         "'optimal' fits the best thresholds for each budget; 'published' gives each network one operating point, by the "
         "rule that NACHOS publishes",
         0,
         0,
         {"optimal", "published"}},
        rule);
}

void LatencyOptions::describe(core::OptionVisitor& v) {
    v.field({.key = "table",
             .help = "latency table of the device that designs are for, as nachos-run lut writes it; empty = none"},
            table);
    v.field({.key = "digest", .help = "hash of that table; filled in when a study begins, so that it keeps its table"},
            digest);
}

void SearchConfig::describe(core::OptionVisitor& v) {
    v.field({"seed", "every random stream is derived from it"}, seed);
    v.field({"device", "where networks are trained; auto = cuda if there is one", 0, 0, {"auto", "cpu", "cuda"}}, device);
    v.field(
        {"precision",
         "number type that training keeps maps in; weights are kept and sums made in float32; auto = bfloat16 where the CPU "
         "computes with it, which is faster, else float32",
         0,
         0,
         {"auto", "float32", "bfloat16"}},
        precision);
    v.field({"threads_per_evaluation", "threads of one evaluation; part of the study's identity", 1, 1024},
            threads_per_evaluation);
    const auto group = [&](std::string_view key, std::string_view help, auto& options) {
        v.group(key, help, [&] { options.describe(v); });
    };
    group("data", "the data set and its parts", data);
    group("augment", "what training images go through", augment);
    group("space", "the architectures searched", space);
    group("limits", "what an admissible design must meet; none = no limit", limits);
    group("latency", "measured latencies, for limits.max_avg_latency_us and for the report", latency);
    group("loss", "training loss of a network with exits", loss);
    group("supernet", "training of the shared weights", supernet);
    group("evaluate", "evaluation of a candidate", evaluate);
    group("policy", "when a sample leaves", policy);
    group("search", "the search engine", search);
    group("differentiable", "architectures learnt with the supernet (search.engine differentiable, hybrid)", differentiable);
    group("final", "training of the chosen designs", final);
    group("teacher", "the large network that final training learns from, where final.teacher is true", teacher);
}

bool inherits(const SearchConfig& config) {
    const auto fidelities = study::fidelities_from(config.evaluate.fidelity);
    return config.final.from_supernet || std::any_of(fidelities.begin(), fidelities.end(), [](const study::Fidelity& f) {
               return f.weights != study::Fidelity::Weights::scratch;
           });
}

SearchConfig parse_config(const std::string& toml, const std::string& where, const std::vector<std::string>& overrides) {
    SearchConfig config;
    read_options({toml, where, overrides}, [&](core::OptionVisitor& v) { config.describe(v); });
    require(config.search.initial <= config.search.evaluations, ErrorKind::usage,
            "search.initial = {} is more than search.evaluations = {} ({})", config.search.initial,
            config.search.evaluations, where);
    require(!config.limits.max_avg_latency_us || !config.latency.table.empty(), ErrorKind::usage,
            "limits.max_avg_latency_us needs latencies: set latency.table to a file of nachos-run lut ({})", where);
    const bool latency = config.search.cost == "latency";
    if (config.search.engine == "auto") config.search.engine = latency || !inherits(config) ? "nachos" : "hybrid";
    require(!latency || !config.latency.table.empty(), ErrorKind::usage,
            "search.cost = 'latency' needs latencies: set latency.table to a file of nachos-run lut ({})", where);
    require(!latency || (!search::engine_named(config.search.engine).learns && config.search.engine != "nachos-paper"),
            ErrorKind::usage,
            "search.engine = '{}' knows MACs alone, search.cost is 'latency'; allowed: nachos, nsga2, random ({})",
            config.search.engine, where);
    const bool given = config.search.engine == "given";
    require(!given || !config.search.given.empty(), ErrorKind::usage,
            "search.engine = 'given' needs search.given, a file of architectures ({})", where);
    require(given || config.search.given.empty(), ErrorKind::usage,
            "search.given is for search.engine = 'given' alone, which is '{}' ({})", config.search.engine, where);
    require(!latency || config.final.budgets.empty(), ErrorKind::usage,
            "final.budgets are MACs, but search.cost is 'latency' ({})", where);
    require(config.final.schedule == "joint" || config.final.optimizer.epochs > 1, ErrorKind::usage,
            "final.schedule = 'staged' needs final.epochs of at least 2, got {} ({})", config.final.optimizer.epochs, where);
    for (const study::Fidelity& f : study::fidelities_from(config.evaluate.fidelity))
        require(config.final.schedule == "joint" || f.epochs != 1, ErrorKind::usage,
                "final.schedule = 'staged' needs at least 2 epochs, evaluate.fidelity names '{}' ({})", study::text_of(f),
                where);
    return config;
}

SearchConfig load_config(const std::filesystem::path& path, const std::vector<std::string>& overrides) {
    constexpr std::uint64_t kMaxBytes = 1 << 20;
    require(std::filesystem::is_regular_file(path), ErrorKind::usage, "there is no configuration file {}", path.string());
    return parse_config(core::read_file(path, kMaxBytes), path.string(), overrides);
}

std::string to_toml(SearchConfig config) {
    return options_to_toml([&](core::OptionVisitor& v) { config.describe(v); });
}

std::string config_schema() {
    SearchConfig config;
    return options_schema([&](core::OptionVisitor& v) { config.describe(v); }, "nachos search configuration");
}

std::string config_reference() {
    SearchConfig config;
    return "# Configuration, key by key\n\nWritten by `nachos config reference` from the options themselves. What they are "
           "for, and how they go "
           "together:\n[configuration.md](configuration.md).\n\n" +
           options_reference([&](core::OptionVisitor& v) { config.describe(v); });
}

}  // namespace nachos::cli
