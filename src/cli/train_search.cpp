#include "cli/train_session.h"

#include "cli/job.h"
#include "core/error.h"
#include "report/html.h"
#include "search/engine.h"
#include "search/proposals.h"
#include "train/evaluate.h"

#include <fmt/format.h>

#include <cstdio>

namespace nachos::cli {
namespace {

constexpr int kEvaluatorVersion = 2;  // raised whenever an evaluation would come out otherwise

/// Answers from the study what it knows, evaluates the rest, and stores them in the order asked.
class StoredEvaluator {
  public:
    StoredEvaluator(const Session& session, study::Study& study, const nn::WeightBank& bank, const Job& job)
        : session_(session),
          study_(study),
          job_(job),
          digest_(weights_digest(bank)),
          context_(context(session, study, bank)) {}

    std::vector<study::Evaluation> operator()(std::span<const arch::ArchSpec> specs) const {
        std::vector<study::Evaluation> results(specs.size());
        std::vector<arch::ArchSpec> unknown;
        std::vector<std::size_t> places;
        for (std::size_t i = 0; i < specs.size(); ++i) {
            if (auto known = study_.find(key(specs[i]))) {
                results[i] = std::move(*known);
            } else {
                unknown.push_back(specs[i]);
                places.push_back(i);
            }
        }
        auto evaluated = train::evaluate_inherited(context_, unknown, job_.workers, session_.config.threads_per_evaluation);
        for (std::size_t i = 0; i < evaluated.size(); ++i) {
            study_.append(key(unknown[i]), evaluated[i]);
            results[places[i]] = std::move(evaluated[i]);
        }
        return results;
    }

  private:
    static train::InheritContext context(const Session& session, study::Study& study, const nn::WeightBank& bank) {
        const auto& evaluate = session.config.evaluate;
        return {.space = session.space,
                .bank = bank,
                .recalibration = train::prepare_sample(session.parts.train.examples(), evaluate.recalibration_images,
                                                       session.normalisation, evaluate.batch_size, session.device,
                                                       session.rng.stream("recalibration")),
                .validation = train::prepare(session.parts.validation.examples(), session.normalisation, evaluate.batch_size,
                                             session.device),
                .measure = policy::measure_from(session.config.policy.measure),
                .budgets = session.budgets,
                .store_table = [&study](const arch::ArchSpec& spec, const policy::RecordedTable& table) {
                    const std::string name = "tables/" + arch::arch_id(spec) + ".safetensors";
                    policy::save_table(study.path_of(name), table, policy::TablePrecision::f16);
                    return name;
                }};
    }

    std::string key(const arch::ArchSpec& spec) const {
        return study::evaluation_key({.arch = spec,
                                      .fidelity = "inherit",
                                      .seed = session_.config.seed,
                                      .weights_digest = digest_,
                                      .split_digest = session_.parts.digest,
                                      .evaluator_version = kEvaluatorVersion});
    }

    const Session& session_;
    study::Study& study_;
    const Job& job_;
    std::string digest_;
    train::InheritContext context_;
};

search::SearchProblem problem_of(const Session& session) {
    return {.space = session.space,
            .limits = session.config.limits,
            .budgets = session.budgets,
            .evaluate = {},
            .costs = [&session](const arch::ArchSpec& spec) { return train::costs_of(session.space.build(spec)); }};
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

}  // namespace

std::vector<study::Evaluation> run_search(const Session& session, study::Study& study, const nn::WeightBank& bank,
                                          const Job& job) {
    const StoredEvaluator evaluator(session, study, bank, job);
    search::SearchProblem problem = problem_of(session);
    problem.evaluate = [&](std::span<const arch::ArchSpec> specs) { return evaluator(specs); };
    const auto observe = [&](const search::SearchStep& step) {
        study.put_history(history_step(step));
        if (job.progress) {
            job.progress({"search", step.evaluations, step.total, fmt::format("hypervolume {:.4f}", step.hypervolume)});
        }
        if (job.should_stop && job.should_stop() && step.evaluations < step.total) stop_here();
    };
    const search::SearchOptions& options = session.config.search;
    return search::engine_named(options.engine).run(problem, options, session.rng.stream("search"), observe).archive;
}

study::Study open_study(const Session& session, const std::string& folder, const TrainingArguments& arguments) {
    search::Proposals(problem_of(session), session.rng.stream("feasibility"));  // limits that nothing meets are told first
    auto study = study::Study::create_or_resume(
        folder, to_toml(session.config),
        {.resume_only = arguments.resume_only, .overwrite = arguments.overwrite, .resolve = [&](const std::string& stored) {
             return to_toml(parse_config(stored, folder + "/config.toml"));
         }});
    study.put_facts(session.facts());
    return study;
}

void search_stage(const Session& session, study::Study& study, nn::WeightBank& bank, const Job& job) {
    ensure_supernet(session, study, bank, job);
    run_search(session, study, bank, job);
    report::write_reports(study);
    const auto searched = report::results(report::read(study), session.config.limits, report::Stage::searched);
    if (searched.designs.empty()) fail_inadmissible(searched, study.folder().string());
}

SearchConfig training_config(const TrainingArguments& arguments) {
    SearchConfig config = load_config(arguments.config, arguments.overrides);
    if (std::filesystem::exists(config.data.path))  // so that later commands find it from anywhere
        config.data.path = std::filesystem::absolute(config.data.path).lexically_normal().string();
    return config;
}

void search_command(const TrainingArguments& arguments) {
    const Session session(training_config(arguments));
    auto study = open_study(session, arguments.out, arguments);
    const RunningJob running(arguments, study);
    nn::WeightBank bank = session.fresh_bank();
    search_stage(session, study, bank, running.job());
    const train::FinalOptions& options = session.config.final;
    run_final(session, study, bank, session.config.limits, {.top = options.top, .comparators = options.comparators},
              running.job());
    finish(study, session.config.limits);
}

}  // namespace nachos::cli
