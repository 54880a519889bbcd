#include "cli/job.h"
#include "cli/train_contender.h"
#include "cli/train_ranks.h"
#include "core/error.h"
#include "search/engine.h"
#include "search/finalists.h"
#include "train/evaluate.h"

namespace nachos::cli {
namespace {

/// The most accurate admissible one of trained designs, the one that a report shows; `otherwise` if none is admissible.
arch::ArchSpec best_of(const std::vector<study::Evaluation>& designs, const study::Limits& limits, study::CostUnit unit,
                       const arch::ArchSpec& otherwise) {
    const std::vector<search::Design> front = search::admissible_front(designs, limits, unit);
    return front.empty() ? otherwise : designs[static_cast<std::size_t>(front.back().evaluation)].arch;
}

/// What that design is compared with.
std::vector<Contender> comparators(const Session& session, const std::vector<study::Evaluation>& archive,
                                   const arch::ArchSpec& design, const study::Limits& limits) {
    std::vector<Contender> contenders;
    const auto costs = [&](const arch::ArchSpec& spec) { return session.costs_of(spec); };
    for (const search::Comparator& c :
         search::comparators_of(design, session.config.policy.measure, archive, limits, session.space, costs)) {
        Contender contender{.name = c.name + "-" + arch::arch_id(c.arch),
                            .comparator = true,
                            .arch = c.arch,
                            .loss = session.config.loss,
                            .measure = c.measure};
        if (!c.own) contender.network = arch::arch_id(c.arch);
        if (!c.gates) contender.loss.gate_weight = contender.loss.cost_weight = contender.loss.support_weight = 0;
        contenders.push_back(std::move(contender));
    }
    return contenders;
}

/// Which of the archive are trained: where nothing was searched for, all that worked, in order.
std::vector<int> chosen_of(const Session& session, const std::vector<study::Evaluation>& archive,
                           const study::Limits& limits, int top) {
    if (search::engine_named(session.config.search.engine).searches)
        return search::finalists(archive, limits, session.axes, top);
    std::vector<int> chosen;
    for (std::size_t i = 0; i < archive.size() && static_cast<int>(chosen.size()) < top; ++i)
        if (archive[i].ok()) chosen.push_back(static_cast<int>(i));
    return chosen;
}

}  // namespace

void run_final(const Session& session, study::Study& study, const nn::WeightBank& bank, const study::Limits& limits,
               const FinalChoice& choice, const Job& job) {
    const std::vector<study::Evaluation> archive = searched(session, study, bank);
    const std::vector<int> chosen = chosen_of(session, archive, limits, choice.top);
    require(!chosen.empty(), ErrorKind::inadmissible, "no searched design meets the limits, so there is nothing to train");
    std::vector<Contender> contenders;
    for (const int i : chosen) {
        const study::Evaluation& searched = archive[static_cast<std::size_t>(i)];
        contenders.push_back({.name = arch::arch_id(searched.arch),
                              .comparator = false,
                              .arch = searched.arch,
                              .loss = session.config.loss,
                              .measure = session.config.policy.measure,
                              .searched = searched});
    }
    FinalStage stage(session, study, bank, limits.max_avg_macs, job);
    stage.train(std::move(contenders), "final");
    if (choice.comparators) {
        const arch::ArchSpec best =
            best_of(stage.designs(), limits, session.axes.unit, archive[static_cast<std::size_t>(chosen.front())].arch);
        stage.train(comparators(session, archive, best, limits), "comparators");
    }
    stage.measure();
}

void final_command(const TrainingArguments& arguments) {
    require_one_rank("final");
    auto study = study::Study::resume(arguments.out);
    const Session session(study_config(study));
    const RunningJob running(arguments, study);
    nn::WeightBank bank = session.fresh_bank();
    ensure_supernet(session, study, bank, running.job());
    const study::Limits limits = arguments.limits->applied_to(session.config.limits);
    require(!limits.max_avg_latency_us || session.latency, ErrorKind::usage,
            "--max-avg-latency-us needs a study with a latency table (latency.table); {} has none", arguments.out);
    const train::FinalOptions& options = session.config.final;
    run_final(
        session, study, bank, limits,
        {.top = arguments.top.value_or(options.top), .comparators = arguments.comparators.value_or(options.comparators)},
        running.job());
    finish(study, limits);
    if (options.exports) export_best(session, study, limits);
}

}  // namespace nachos::cli
