#include "cli/job.h"
#include "cli/train_evaluator.h"
#include "cli/train_ranks.h"
#include "cli/train_series.h"
#include "cli/train_shared_supernet.h"
#include "core/error.h"
#include "report/engine_comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <set>

namespace nachos::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFloor = "random";

constexpr const char* kSupernetSeconds = "seconds of supernet training";

/// Where a study keeps what it was measured to have reached, once it ended.
std::string result_key(int evaluations, double equal_hours) {
    if (equal_hours > 0) return fmt::format("engine comparison of {} evaluations and {} hours", evaluations, equal_hours);
    return fmt::format("engine comparison of {} evaluations", evaluations);
}

/// Engines of a seed that do not train the supernet search one, and those that do another: the first one's study trains it,
/// the others begin with a copy.
void share_supernet(const fs::path& trained_study, study::Study& study) {
    if (fs::exists(study.path_of(kSupernetFile)) || !fs::exists(trained_study / kSupernetFile)) return;
    if (const auto seconds = study::Study::open_readonly(trained_study).get_meta(kSupernetSeconds))
        study.put_meta(kSupernetSeconds, *seconds);
    copy_supernet(trained_study, study);
}

double supernet_seconds(const study::Study& study) {
    const auto known = study.get_meta(kSupernetSeconds);
    return known ? std::strtod(known->c_str(), nullptr) : 0;
}

/// Adds the time until its end to what the study has of training its supernet, however that ends.
class SupernetTimer {
  public:
    explicit SupernetTimer(study::Study& study) : study_(study) {}
    ~SupernetTimer() {
        if (!trained) return;
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start_;
        try {
            study_.put_meta(kSupernetSeconds, fmt::format("{}", supernet_seconds(study_) + seconds.count()));
        } catch (const std::exception&) {  // of a full disk the training has told, or the search will
        }
    }
    SupernetTimer(const SupernetTimer&) = delete;
    SupernetTimer& operator=(const SupernetTimer&) = delete;

    bool trained = false;  ///< set once a step was done; reading a checkpoint does not count

  private:
    study::Study& study_;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

void train_timed(const Session& session, study::Study& study, nn::WeightBank& bank, Job job) {
    SupernetTimer timer(study);
    job.progress = [&timer, tell = job.progress](const core::Progress& p) {
        timer.trained = true;
        if (tell) tell(p);
    };
    ensure_supernet(session, study, bank, job);
}

/// What is left of the hours for choosing and evaluating.
double hours_left(const study::Study& study, double equal_hours) {
    const double left = equal_hours - supernet_seconds(study) / 3600;
    require(left > 0, ErrorKind::usage, "--equal-hours is {}, but the supernet in {} took {:.3f} hours", equal_hours,
            study.folder().string(), equal_hours - left);
    return left;
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
        for (const search::Design& design : search::admissible_front(archive, session.config.limits, session.axes.unit)) {
            const arch::ArchSpec& spec = archive[static_cast<std::size_t>(design.evaluation)].arch;
            if (ids.insert(arch::arch_id(spec)).second) specs.push_back(spec);
        }
    }
    std::vector<study::Evaluation> evaluations;
    workers.evaluate(specs, {}, ScoredOn::calibration,
                     [&](std::size_t, study::Evaluation e, bool) { evaluations.push_back(std::move(e)); });
    return evaluations;
}

report::EngineRun measured_run(const Session& session, const study::Study& study, CandidateWorkers& workers,
                               std::span<const study::Evaluation> archive) {
    const std::vector<study::HistoryStep> history = study.history();
    const auto archives = prefixes(archive, history);
    const auto held_out = fronts_on_held_out(session, workers, archives);
    report::EngineRun run{.engine = session.config.search.engine,
                          .seed = session.config.seed,
                          .steps = {},
                          .seconds = 0,
                          .supernet_seconds = supernet_seconds(study)};
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
report::EngineRun run_engine(const TrainingArguments& arguments, Session& session, const fs::path& folder,
                             const std::string& trains_supernet) {
    auto study = open_study(session, (folder / session.config.search.engine).string(), arguments);
    const std::string key = result_key(session.config.search.evaluations, arguments.equal_hours);
    if (const auto known = study.get_meta(key)) return report::engine_run_from_json(*known, study.folder().string());
    const RunningJob running(arguments, study);
    share_supernet(folder / trains_supernet, study);
    nn::WeightBank bank = session.fresh_bank();
    train_timed(session, study, bank, running.job());
    if (arguments.equal_hours > 0) session.config.search.max_hours = hours_left(study, arguments.equal_hours);
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
            Session session(config);
            comparison.data = session.parts.name;
            comparison.runs.push_back(
                run_engine(series.arguments(), session, series.folder_of(seed), trainer_of(engine, engines)));
        }
    }
    series.finish(report::engines_json(comparison), report::engines_csv(comparison), report::engines_table(comparison));
}

}  // namespace nachos::cli
