#include "cli/ablation_arms.h"
#include "cli/job.h"
#include "cli/train_contender.h"
#include "core/error.h"
#include "core/files.h"
#include "report/ablation.h"
#include "search/finalists.h"
#include "train/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace nachos::cli {
namespace {

namespace fs = std::filesystem;

/// What an ablation adds to its folder beside the studies.
constexpr const char* kResult = "ablation.json";

fs::path folder_of(const TrainingArguments& arguments) {
    return arguments.out.empty() ? "ablation-" + fs::path(arguments.config).stem().string() : arguments.out;
}

std::string seed_folder(std::uint64_t seed) { return fmt::format("seed-{}", seed); }

/// Nothing of the user's is ever mixed with ours.
void require_ablation_or_nothing(const fs::path& folder, std::uint64_t first_seed) {
    const bool ours = fs::exists(folder / seed_folder(first_seed)) || fs::exists(folder / kResult);
    require(ours || !fs::exists(folder) || fs::is_empty(folder), ErrorKind::usage,
            "{} is not empty and holds no ablation of this seed; name another folder with --out", folder.string());
}

/// Architectures with early exits that the arms train: without any, there is nothing to compare.
std::vector<arch::ArchSpec> subjects(const Session& session, const study::Study& study) {
    std::vector<study::Evaluation> archive = searched(session, study);
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
    for (const arch::ArchSpec& spec : specs)
        networks.push_back(measured(study, train::costs_of(session.space.build(spec)), name_of(arm, spec)));
    return report::ablation_figures(networks,
                                    {.limits = session.config.limits, .axes = session.axes, .budgets = session.budgets});
}

/// One seed: a search that all arms share, then each arm trains the same architectures from the same weights.
void run_seed(const TrainingArguments& arguments, const SearchConfig& config, const fs::path& folder,
              report::Ablation& ablation) {
    const std::uint64_t seed = ablation.seeds[ablation.arms.front().seeds.size()];
    const Session session(shared_search(config, seed));
    require(session.parts.test.present(), ErrorKind::usage,
            "an ablation is measured on a test split, which {} lacks; set data.test_fraction", session.parts.name);
    ablation.data = session.parts.name;
    auto study = open_study(session, (folder / seed_folder(seed)).string(), arguments);
    const RunningJob running(arguments, study);
    nn::WeightBank bank = session.fresh_bank();
    search_stage(session, study, bank, running.job());
    const std::vector<arch::ArchSpec> specs = subjects(session, study);
    std::vector<Contender> contenders;
    for (const ArmRow& arm : ablation_arms()) {
        for (const arch::ArchSpec& spec : specs)
            contenders.push_back({.name = name_of(arm, spec),
                                  .comparator = true,
                                  .arch = spec,
                                  .loss = loss_of(arm, config.loss),
                                  .measure = "gate"});
    }
    FinalStage stage(session, study, bank, running.job());
    stage.train(std::move(contenders), "final");
    stage.measure();
    for (std::size_t a = 0; a < ablation.arms.size(); ++a)
        ablation.arms[a].seeds.push_back(figures_of(session, study, ablation_arms()[a], specs));
}

void print(const report::Ablation& ablation, Format format) {
    const std::string text = format == Format::json  ? report::ablation_json(ablation)
                             : format == Format::csv ? report::ablation_csv(ablation)
                                                     : report::ablation_table(ablation);
    std::fwrite(text.data(), 1, text.size(), stdout);
}

}  // namespace

void ablate_command(const TrainingArguments& arguments) {
    const auto start = std::chrono::steady_clock::now();
    const SearchConfig config = training_config(arguments);
    const fs::path folder = folder_of(arguments);
    require_ablation_or_nothing(folder, config.seed);
    report::Ablation ablation;
    for (int i = 0; i < arguments.seeds; ++i) ablation.seeds.push_back(config.seed + static_cast<std::uint64_t>(i));
    for (const ArmRow& arm : ablation_arms()) {
        const train::LossOptions loss = loss_of(arm, config.loss);
        ablation.arms.push_back({arm.name, loss.cost_weight, loss.support_weight, {}});
    }
    for (int i = 0; i < arguments.seeds; ++i) {
        TrainingArguments own = arguments;
        const std::chrono::duration<double, std::ratio<3600>> spent = std::chrono::steady_clock::now() - start;
        if (own.max_hours > 0) own.max_hours = std::max(own.max_hours - spent.count(), 1e-6);
        run_seed(own, config, folder, ablation);
    }
    core::write_file_atomic(folder / kResult, report::ablation_json(ablation));
    print(ablation, arguments.format);
}

}  // namespace nachos::cli
