#include "core/stats.h"
#include "report/ablation.h"
#include "report/text_table.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>

namespace nachos::report {
namespace {

using Json = nlohmann::ordered_json;

enum class Unit { none, share, macs };

struct FigureRow {
    const char* key;
    const char* title;
    double AblationFigures::*value;
    Unit unit;
};

constexpr std::array kFigures{
    FigureRow{"hypervolume", "hypervolume (gate)", &AblationFigures::hypervolume, Unit::none},
    FigureRow{"max_prob_hypervolume", "(max_prob)", &AblationFigures::max_prob_hypervolume, Unit::none},
    FigureRow{"accuracy", "accuracy at the limit, %", &AblationFigures::accuracy, Unit::share},
    FigureRow{"avg_macs", "its avg kMACs", &AblationFigures::avg_macs, Unit::macs},
    FigureRow{"gate_error", "gate ECE, %", &AblationFigures::gate_error, Unit::share},
    FigureRow{"calibrated_error", "calibrated, %", &AblationFigures::calibrated_error, Unit::share},
    FigureRow{"untuned_accuracy", "untuned accuracy, %", &AblationFigures::untuned_accuracy, Unit::share},
    FigureRow{"untuned_avg_macs", "its avg kMACs", &AblationFigures::untuned_avg_macs, Unit::macs},
};

struct Spread {
    double mean = 0;
    double deviation = 0;
};

Spread spread(const AblationArm& arm, const FigureRow& row) {
    std::vector<double> values;
    for (const AblationFigures& seed : arm.seeds) values.push_back(seed.*row.value);
    return {core::mean(values), core::standard_deviation(values)};
}

/// Of the differences to the first arm in hypervolume, seed by seed: what is left of it without what seeds change.
Spread against_first(const Ablation& ablation, const AblationArm& arm) {
    std::vector<double> values;
    for (std::size_t s = 0; s < arm.seeds.size(); ++s)
        values.push_back(arm.seeds[s].hypervolume - ablation.arms.front().seeds[s].hypervolume);
    return {core::mean(values), core::standard_deviation(values)};
}

std::string text(const Spread& s, Unit unit) {
    switch (unit) {
        case Unit::share:
            return fmt::format("{:.2f} ± {:.2f}", 100 * s.mean, 100 * s.deviation);
        case Unit::macs:
            return fmt::format("{:.1f} ± {:.1f}", s.mean / 1e3, s.deviation / 1e3);
        case Unit::none:
            break;
    }
    return fmt::format("{:.4f} ± {:.4f}", s.mean, s.deviation);
}

}  // namespace

std::string ablation_table(const Ablation& ablation) {
    TextTable table{.head = {"arm", "cost", "support"}};
    table.head.push_back("change in hypervolume");
    for (const FigureRow& row : kFigures) table.head.push_back(row.title);
    for (const AblationArm& arm : ablation.arms) {
        std::vector<std::string> cells{arm.name, fmt::format("{:g}", arm.cost_weight),
                                       fmt::format("{:g}", arm.support_weight)};
        const Spread change = against_first(ablation, arm);
        cells.push_back(fmt::format("{:+.4f} ± {:.4f}", change.mean, change.deviation));
        for (const FigureRow& row : kFigures) cells.push_back(text(spread(arm, row), row.unit));
        table.rows.push_back(std::move(cells));
    }
    return aligned(table);
}

std::string ablation_json(const Ablation& ablation) {
    Json arms = Json::array();
    for (const AblationArm& arm : ablation.arms) {
        Json mean, deviation, seeds = Json::array();
        for (const FigureRow& row : kFigures) {
            mean[row.key] = spread(arm, row).mean;
            deviation[row.key] = spread(arm, row).deviation;
        }
        for (const AblationFigures& figures : arm.seeds) {
            Json seed;
            for (const FigureRow& row : kFigures) seed[row.key] = figures.*row.value;
            seeds.push_back(seed);
        }
        arms.push_back({{"arm", arm.name},
                        {"cost_weight", arm.cost_weight},
                        {"support_weight", arm.support_weight},
                        {"mean", mean},
                        {"deviation", deviation},
                        {"hypervolume_change", against_first(ablation, arm).mean},
                        {"hypervolume_change_deviation", against_first(ablation, arm).deviation},
                        {"seeds", seeds}});
    }
    return Json{{"data", ablation.data}, {"seeds", ablation.seeds}, {"arms", arms}}.dump(2, ' ', false,
                                                                                         Json::error_handler_t::replace) +
           "\n";
}

std::string ablation_csv(const Ablation& ablation) {
    std::string csv = "arm,cost_weight,support_weight,seed";
    for (const FigureRow& row : kFigures) csv += fmt::format(",{}", row.key);
    csv += "\n";
    for (const AblationArm& arm : ablation.arms) {
        for (std::size_t s = 0; s < arm.seeds.size(); ++s) {
            csv += fmt::format("{},{},{},{}", arm.name, arm.cost_weight, arm.support_weight, ablation.seeds[s]);
            for (const FigureRow& row : kFigures) csv += fmt::format(",{}", arm.seeds[s].*row.value);
            csv += "\n";
        }
    }
    return csv;
}

}  // namespace nachos::report
