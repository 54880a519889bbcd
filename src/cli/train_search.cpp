#include "cli/train_session.h"

#include "cli/job.h"
#include "cli/latency_file.h"
#include "cli/notes.h"
#include "cli/train_evaluator.h"
#include "cli/train_learnt.h"
#include "cli/train_ranks.h"
#include "cli/train_shared_supernet.h"
#include "core/error.h"
#include "core/files.h"
#include "report/html.h"
#include "search/engine.h"
#include "search/given.h"
#include "search/halving.h"
#include "search/proposals.h"
#include "study/folder.h"
#include "train/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

namespace nachos::cli {
namespace {

constexpr std::uint64_t kMostGivenBytes = 64 << 20;  // of a file of architectures

search::SearchProblem problem_of(const Session& session) {
    return {.space = session.space,
            .limits = session.config.limits,
            .budgets = session.budgets,
            .evaluate = {},
            .costs = [&session](const arch::ArchSpec& spec) { return session.costs_of(spec); },
            .unit = session.axes.unit};
}

study::HistoryStep history_step(const search::SearchStep& step) {
    study::HistoryStep history{.evaluations = step.evaluations,
                               .hypervolume = step.hypervolume,
                               .feasible_share = step.feasible_share,
                               .seconds = step.seconds};
    if (!step.surrogates) return history;
    history.error_model = step.surrogates->error_model;
    history.error_kendall = step.surrogates->error_kendall;
    history.error_rmse = step.surrogates->error_rmse;
    history.cost_model = step.surrogates->cost_model;
    history.cost_kendall = step.surrogates->cost_kendall;
    history.cost_rmse = step.surrogates->cost_rmse;
    return history;
}

[[noreturn]] void fail_inadmissible(const report::Results& results, const std::string& folder) {
    std::string text = "no design meets the limits; the nearest:";
    for (const auto& design : results.nearest) {
        for (const auto& v : design.violations) text += fmt::format("\n  {}: {}", design.id, report::violation_text(v));
    }
    throw Error(ErrorKind::inadmissible,
                text + fmt::format("\n  the search is kept in {}; other limits: nachos pareto {} LIMITS, then nachos final "
                                   "{} LIMITS",
                                   folder, folder, folder));
}

/// Successive halving: the best of one fidelity are evaluated at the next.
void halve(const Session& session, study::Study& study, CandidateWorkers& workers, std::vector<study::Evaluation> archive,
           const Job& job) {
    const auto& options = session.config.evaluate;
    const std::vector<study::Fidelity> fidelities = study::fidelities_from(options.fidelity);
    for (std::size_t f = 1; f < fidelities.size(); ++f) {  // the search was at the first
        const int count = std::max(1, static_cast<int>(std::lround(options.keep * static_cast<double>(archive.size()))));
        std::vector<arch::ArchSpec> specs;
        for (const int i : search::promoted(archive, session.config.limits, session.axes, count))
            specs.push_back(archive[static_cast<std::size_t>(i)].arch);
        if (specs.empty()) return;
        archive = StoredEvaluator(session, study, workers, fidelities[f], job)(specs);
    }
}

}  // namespace

std::vector<study::Evaluation> run_search(const Session& session, study::Study& study, CandidateWorkers& workers,
                                          const Job& job) {
    const StoredEvaluator evaluator(session, study, workers,
                                    study::fidelities_from(session.config.evaluate.fidelity).front(), job);
    search::SearchProblem problem = problem_of(session);
    problem.evaluate = [&](std::span<const arch::ArchSpec> specs) { return evaluator(specs); };
    problem.recorded_seconds = [history = study.history()](int evaluations) -> std::optional<double> {
        for (const study::HistoryStep& step : history)
            if (step.evaluations == evaluations) return step.seconds;
        return {};
    };
    search::Decoded learnt;
    if (learns(session.config)) learnt = learnt_designs(session, study);
    for (const search::DecodedDesign& design : learnt.designs) problem.learnt.push_back(design.arch);
    problem.learnt.insert(problem.learnt.end(), learnt.samples.begin(), learnt.samples.end());
    const auto observe = [&](const search::SearchStep& step) {
        study.put_history(history_step(step));
        if (job.progress) {
            job.progress({"search", step.evaluations, step.total, search_note(step)});
        }
        if (job.should_stop && job.should_stop() && step.evaluations < step.total) stop_here();
    };
    const search::SearchOptions& options = session.config.search;
    auto archive = search::engine_named(options.engine).run(problem, options, session.rng.stream("search"), observe).archive;
    if (learns(session.config)) judge_learnt(session, study, learnt, archive);
    return archive;
}

std::vector<study::Evaluation> searched(const Session& session, const study::Study& study, const nn::WeightBank& bank) {
    const std::string digest = weights_digest(bank);
    std::set<std::string> keys;
    std::vector<study::Evaluation> evaluations;
    for (const study::Evaluation& e : study.evaluations()) {  // among them some of other weights, or by an older evaluator
        const std::string key = evaluation_key_of(session, digest, study::fidelities_from(e.fidelity).front(), e.arch);
        if (!keys.insert(key).second) continue;
        if (auto own = study.find(key)) evaluations.push_back(std::move(*own));
    }
    return study::judged(std::move(evaluations), study::fidelities_from(session.config.evaluate.fidelity));
}

study::Study open_study(const Session& session, const std::string& folder, const TrainingArguments& arguments) {
    search::Proposals(problem_of(session), session.rng.stream("feasibility"));  // limits that nothing meets are told first
    const std::string& from = session.config.supernet.from;
    const bool has_supernet = !arguments.overwrite && std::filesystem::exists(std::filesystem::path(folder) / kSupernetFile);
    if (!from.empty() && !has_supernet) require_supernet(session);
    auto study = study::Study::create_or_resume(
        folder, to_toml(session.config),
        {.resume_only = arguments.resume_only, .overwrite = arguments.overwrite, .resolve = [&](const std::string& stored) {
             return to_toml(parse_config(stored, folder + "/config.toml"));
         }});
    if (session.latency) {
        core::write_file_atomic(study.path_of(study::kLatencyFile), cost::to_json(*session.latency));
        warn_of_mismatch(*session.latency, session.config.latency.table);
    }
    study.put_facts(session.facts());
    if (!from.empty()) copy_supernet(from, study);
    return study;
}

void search_stage(const Session& session, study::Study& study, nn::WeightBank& bank, const Job& job) {
    ensure_supernet(session, study, bank, job);
    CandidateWorkers workers(study, bank, job);
    halve(session, study, workers, run_search(session, study, workers, job), job);
    report::write_reports(study);
    const auto searched = report::results(report::read(study), session.config.limits, report::Stage::searched);
    const bool searches = search::engine_named(session.config.search.engine).searches;
    if (searched.designs.empty() && searches) fail_inadmissible(searched, study.folder().string());
}

SearchConfig training_config(const TrainingArguments& arguments) {
    SearchConfig config = load_config(arguments.config, arguments.overrides);
    if (std::filesystem::exists(config.data.path))  // so that later commands find it from anywhere
        config.data.path = std::filesystem::absolute(config.data.path).lexically_normal().string();
    if (std::string& from = config.supernet.from; !from.empty())
        from = (std::filesystem::absolute(from) / "").lexically_normal().parent_path().string();
    if (std::string& given = config.search.given; !given.empty() && given.front() != '[')
        given = search::architectures_text(search::architectures_from(core::read_file(given, kMostGivenBytes), given));
    LatencyOptions& latency = config.latency;
    if (latency.table.empty()) return config;
    latency.table = std::filesystem::absolute(latency.table).lexically_normal().string();
    if (latency.digest.empty()) latency.digest = digest_of(read_latency_table(latency.table));
    return config;
}

SearchConfig study_config(const study::Study& study) {
    SearchConfig config = parse_config(study.config(), study.path_of(study::kConfigFile).string());
    if (!config.latency.table.empty()) config.latency.table = study.path_of(study::kLatencyFile).string();
    return config;
}

namespace {

void search_with(const TrainingArguments& arguments, exec::Ranks* ranks) {
    const Session session(training_config(arguments));
    if (ranks != nullptr && !ranks->first()) return follow_search(session, arguments, *ranks);
    auto study = open_study(session, arguments.out, arguments);
    if (ranks != nullptr) ranks->broadcast(session.parts.digest);
    const RunningJob running(arguments, study, ranks);
    nn::WeightBank bank = session.fresh_bank();
    search_stage(session, study, bank, running.job());
    const train::FinalOptions& options = session.config.final;
    run_final(session, study, bank, session.config.limits, {.top = options.top, .comparators = options.comparators},
              running.job());
    finish(study, session.config.limits);
    if (options.exports) export_best(session, study, session.config.limits);
    if (ranks != nullptr) end_followers(*ranks);
}

}  // namespace

void search_command(const TrainingArguments& arguments) {
    const std::unique_ptr<exec::Ranks> ranks = join_ranks();
    try {
        search_with(arguments, ranks.get());
    } catch (const Error& e) {
        const bool stopped = e.kind() == ErrorKind::stopped;
        if (ranks && !stopped) ranks->end_all(e.kind());
        if (stopped && arguments.overwrite) fail(e.kind(), "{} (without --overwrite, which would begin anew)", e.what());
        throw;
    } catch (const std::exception&) {
        if (ranks) ranks->end_all(ErrorKind::runtime);
        throw;
    }
}

}  // namespace nachos::cli
