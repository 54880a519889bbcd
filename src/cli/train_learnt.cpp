#include "cli/train_learnt.h"

#include "core/error.h"
#include "policy/stick_breaking.h"
#include "report/learnt_designs.h"
#include "report/results.h"

#include <algorithm>

namespace nachos::cli {
namespace {

/// Of the sites where the architecture has an exit.
std::vector<double> placed_offsets(const search::DecodedDesign& design) {
    std::vector<double> offsets;
    for (std::size_t s = 0; s < design.arch.exits.size(); ++s)
        if (design.arch.exits[s].placed) offsets.push_back(design.gate_offsets[s]);
    return offsets;
}

std::optional<double> expected_macs(const search::LearntDesign& design, const study::Study& study,
                                    std::span<const study::Evaluation> archive) {
    const auto evaluation =
        std::find_if(archive.begin(), archive.end(), [&](const auto& e) { return e.arch == design.arch; });
    if (evaluation == archive.end() || !evaluation->ok() || evaluation->table_file.empty()) return {};
    const policy::RecordedTable table = policy::load_table(study.path_of(evaluation->table_file));
    return policy::stick_breaking_cost(table, design.gate_offsets, evaluation->costs.executed_macs);
}

}  // namespace

void judge_learnt(const Session& session, study::Study& study, const search::Decoded& learnt,
                  std::span<const study::Evaluation> archive) {
    std::vector<search::LearntDesign> designs;
    for (const search::DecodedDesign& decoded : learnt.designs) {
        search::LearntDesign design;
        design.budget_macs = decoded.budget_macs;
        design.arch = decoded.arch;
        design.gate_offsets = placed_offsets(decoded);
        design.expected_macs = expected_macs(design, study, archive);
        designs.push_back(std::move(design));
    }
    search::fill_tuned(designs, archive, session.budgets);
    study.put_meta(report::kLearntKey, report::to_json(designs));
    const auto collapse = search::collapse_of(designs, archive);
    study.put_meta(report::kCollapseKey, collapse.value_or(""));
    const std::string& engine = session.config.search.engine;
    require(!collapse || engine != "differentiable", ErrorKind::runtime,
            "the differentiable search collapsed: {}; its supernet and evaluations are kept in {}. Train longer "
            "(supernet.epochs), begin earlier (differentiable.warmup), or take search.engine = \"hybrid\" in another folder",
            collapse.value_or(""), study.folder().string());
}

}  // namespace nachos::cli
