#include "cli/ablation_arms.h"
#include "cli/job.h"
#include "cli/train_contender.h"
#include "cli/train_ranks.h"
#include "cli/train_series.h"
#include "core/error.h"
#include "report/ablation.h"
#include "search/finalists.h"
#include "train/evaluate.h"

#include <fmt/format.h>

#include <algorithm>

namespace nachos::cli {
namespace {

/// Architectures with early exits that the arms train: without any, there is nothing to compare.
std::vector<arch::ArchSpec> subjects(const Session& session, const study::Study& study, const nn::WeightBank& bank) {
    std::vector<study::Evaluation> archive = searched(session, study, bank);
    std::erase_if(archive, [](const study::Evaluation& e) { return e.arch.placed_exits() == 0; });
    std::vector<arch::ArchSpec> specs;
    for (const int i : search::finalists(archive, session.config.limits, session.axes, session.config.final.top))
        specs.push_back(archive[static_cast<std::size_t>(i)].arch);
    require(!specs.empty(), ErrorKind::inadmissible, "seed {}: no searched design with early exits meets the limits",
            session.config.seed);
    return specs;
}

std::string name_of(const ArmRow& arm, const arch::ArchSpec& spec) {
    return fmt::format("{}-{}", arm.name, arch::arch_id(spec));
}

report::MeasuredNetwork measured(const study::Study& study, const study::ArchCosts& costs, const std::string& name) {
    return {costs, policy::load_table(study.path_of(study::calibration_table_file(name))),
            policy::load_table(study.path_of(study::test_table_file(name)))};
}

report::AblationFigures figures_of(const Session& session, const study::Study& study, const ArmRow& arm,
                                   const std::vector<arch::ArchSpec>& specs) {
    std::vector<report::MeasuredNetwork> networks;
    for (const arch::ArchSpec& spec : specs) networks.push_back(measured(study, session.costs_of(spec), name_of(arm, spec)));
    return report::ablation_figures(networks,
                                    {.limits = session.config.limits, .axes = session.axes, .budgets = session.budgets});
}

/// One seed: a search that all arms share, then each arm trains the same architectures from the same weights.
void run_seed(const SeedSeries& series, const SearchConfig& config, std::uint64_t seed, report::Ablation& ablation) {
    const TrainingArguments arguments = series.arguments();
    const Session session(shared_search(config, seed));
    require(session.parts.test.present(), ErrorKind::usage,
            "an ablation is measured on a test split, which {} lacks; set data.test_fraction", session.parts.name);
    ablation.data = session.parts.name;
    auto study = open_study(session, series.folder_of(seed).string(), arguments);
    const RunningJob running(arguments, study);
    nn::WeightBank bank = session.fresh_bank();
    search_stage(session, study, bank, running.job());
    const std::vector<arch::ArchSpec> specs = subjects(session, study, bank);
    std::vector<Contender> contenders;
    for (const ArmRow& arm : ablation_arms()) {
        for (const arch::ArchSpec& spec : specs)
            contenders.push_back({.name = name_of(arm, spec),
                                  .comparator = true,
                                  .arch = spec,
                                  .loss = loss_of(arm, config.loss),
                                  .measure = "gate"});
    }
    FinalStage stage(session, study, bank, session.config.limits.max_avg_macs, running.job());
    stage.train(std::move(contenders), "final");
    stage.measure();
    for (std::size_t a = 0; a < ablation.arms.size(); ++a)
        ablation.arms[a].seeds.push_back(figures_of(session, study, ablation_arms()[a], specs));
}

}  // namespace

void ablate_command(const TrainingArguments& arguments) {
    require_one_rank("ablate");
    const SearchConfig config = training_config(arguments);
    require(config.search.cost == "macs", ErrorKind::usage,
            "an ablation spends MACs: search.cost is '{}', allowed here: macs", config.search.cost);
    const SeedSeries series(arguments, "ablation", config.seed);
    report::Ablation ablation{.data = {}, .seeds = series.seeds(), .arms = {}};
    for (const ArmRow& arm : ablation_arms()) {
        const train::LossOptions loss = loss_of(arm, config.loss);
        ablation.arms.push_back({arm.name, loss.cost_weight, loss.support_weight, {}});
    }
    for (const std::uint64_t seed : series.seeds()) run_seed(series, config, seed, ablation);
    series.finish(report::ablation_json(ablation), report::ablation_csv(ablation), report::ablation_table(ablation));
}

}  // namespace nachos::cli
