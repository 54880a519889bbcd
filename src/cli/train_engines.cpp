#include "cli/job.h"
#include "cli/train_evaluator.h"
#include "cli/train_ranks.h"
#include "cli/train_series.h"
#include "report/engine_comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

namespace nachos::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFloor = "random";

/// Where a study keeps what it was measured to have reached, once it ended.
std::string result_key(int evaluations) { return fmt::format("engine comparison of {} evaluations", evaluations); }

/// Engines of a seed that do not train the supernet search one, and those that do another: the first one's study trains it,
/// the others begin with a copy.
void share_supernet(const fs::path& trained_study, const study::Study& study) {
    const fs::path from = trained_study / kSupernetFile, to = study.path_of(kSupernetFile);
    if (fs::exists(to) || !fs::exists(from)) return;
    fs::path temporary = to;
    temporary += ".part";
    fs::copy_file(from, temporary, fs::copy_options::overwrite_existing);
    fs::rename(temporary, to);
}

/// The archive after each batch.
std::vector<std::span<const study::Evaluation>> prefixes(std::span<const study::Evaluation> archive,
                                                         const std::vector<study::HistoryStep>& history) {
    std::vector<std::span<const study::Evaluation>> all;
    for (const study::HistoryStep& step : history) {
        const auto count = static_cast<std::size_t>(step.evaluations);
        if (count <= archive.size()) all.push_back(archive.first(count));
    }
    return all;
}

/// Every architecture that was ever part of the front, on held-out data.
std::vector<study::Evaluation> fronts_on_held_out(const Session& session, CandidateWorkers& workers,
                                                  const std::vector<std::span<const study::Evaluation>>& archives) {
    std::set<std::string> ids;
    std::vector<arch::ArchSpec> specs;
    for (const auto& archive : archives) {
        for (const search::Design& design : search::admissible_front(archive, session.config.limits)) {
            const arch::ArchSpec& spec = archive[static_cast<std::size_t>(design.evaluation)].arch;
            if (ids.insert(arch::arch_id(spec)).second) specs.push_back(spec);
        }
    }
    std::vector<study::Evaluation> evaluations;
    workers.evaluate(specs, {}, ScoredOn::calibration,
                     [&](std::size_t, study::Evaluation e) { evaluations.push_back(std::move(e)); });
    return evaluations;
}

report::EngineRun measured_run(const Session& session, const study::Study& study, CandidateWorkers& workers,
                               std::span<const study::Evaluation> archive) {
    const std::vector<study::HistoryStep> history = study.history();
    const auto archives = prefixes(archive, history);
    const auto held_out = fronts_on_held_out(session, workers, archives);
    report::EngineRun run{.engine = session.config.search.engine, .seed = session.config.seed, .steps = {}, .seconds = 0};
    for (std::size_t i = 0; i < archives.size(); ++i) {
        run.steps.push_back(
            {.evaluations = history[i].evaluations,
             .searched = history[i].hypervolume,
             .held_out = report::held_out_hypervolume(archives[i], held_out, session.config.limits, session.axes)});
        run.seconds += history[i].seconds;
    }
    return run;
}

/// One search, or what is known of it if it was measured before.
report::EngineRun run_engine(const TrainingArguments& arguments, const Session& session, const fs::path& folder,
                             const std::string& trains_supernet) {
    auto study = open_study(session, (folder / session.config.search.engine).string(), arguments);
    const std::string key = result_key(session.config.search.evaluations);
    if (const auto known = study.get_meta(key)) return report::engine_run_from_json(*known, study.folder().string());
    const RunningJob running(arguments, study);
    share_supernet(folder / trains_supernet, study);
    nn::WeightBank bank = session.fresh_bank();
    ensure_supernet(session, study, bank, running.job());
    CandidateWorkers workers(study, bank, running.job());
    const auto archive = run_search(session, study, workers, running.job());
    const report::EngineRun run = measured_run(session, study, workers, archive);
    study.put_meta(key, report::to_json(run));
    return run;
}

/// The engine whose study trains the supernet that this one searches.
const std::string& trainer_of(const std::string& engine, const std::vector<std::string>& engines) {
    const bool learns = search::engine_named(engine).learns;
    return *std::find_if(engines.begin(), engines.end(),
                         [&](const std::string& e) { return search::engine_named(e).learns == learns; });
}

/// The floor first.
std::vector<std::string> engines_of(const TrainingArguments& arguments) {
    std::vector<std::string> engines{kFloor};
    for (const std::string& name : arguments.engines)
        if (std::find(engines.begin(), engines.end(), name) == engines.end()) engines.push_back(name);
    return engines;
}

}  // namespace

void bench_engines_command(const TrainingArguments& arguments) {
    require_one_rank("bench engines");
    SearchConfig config = training_config(arguments);
    const SeedSeries series(arguments, "engines", config.seed);
    report::EngineComparison comparison{.data = {}, .floor = kFloor, .seeds = series.seeds(), .runs = {}};
    for (const std::uint64_t seed : series.seeds()) {
        config.seed = seed;
        const std::vector<std::string> engines = engines_of(arguments);
        for (const std::string& engine : engines) {
            config.search.engine = engine;
            const Session session(config);
            comparison.data = session.parts.name;
            comparison.runs.push_back(
                run_engine(series.arguments(), session, series.folder_of(seed), trainer_of(engine, engines)));
        }
    }
    series.finish(report::engines_json(comparison), report::engines_csv(comparison), report::engines_table(comparison));
}

}  // namespace nachos::cli
