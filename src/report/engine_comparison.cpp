#include "report/engine_comparison.h"

#include "core/error.h"
#include "core/json_reader.h"
#include "report/text_table.h"

#include <fmt/format.h>

#include <algorithm>

namespace nachos::report {
namespace {

using Json = nlohmann::ordered_json;

const study::Evaluation* evaluation_of(const arch::ArchSpec& arch, std::span<const study::Evaluation> evaluations) {
    const auto at = std::find_if(evaluations.begin(), evaluations.end(), [&](const auto& e) { return e.arch == arch; });
    return at == evaluations.end() ? nullptr : &*at;
}

/// The curve's point of that budget, or of the next lower one.
const study::CurvePoint* point_at(const study::Evaluation& evaluation, int budget_index) {
    const study::CurvePoint* found = nullptr;
    for (const study::CurvePoint& p : evaluation.curve)
        if (p.budget_index <= budget_index) found = &p;
    return found;
}

/// The run of the floor with the same seed.
const EngineRun& floor_of(const EngineComparison& comparison, const EngineRun& run) {
    return *std::find_if(comparison.runs.begin(), comparison.runs.end(),
                         [&](const EngineRun& other) { return other.seed == run.seed && other.engine == comparison.floor; });
}

/// What a search reached, beside the floor's with the same seed.
struct Outcome {
    double searched = 0;
    double held_out = 0;
    double over_floor = 0;           ///< searched less the floor's
    double held_out_over_floor = 0;  ///< likewise
    std::optional<int> to_floor;     ///< evaluations until the floor's final hypervolume
    std::optional<int> floor_itself;
};

Outcome outcome_of(const EngineComparison& comparison, const EngineRun& run) {
    const EngineStep& end = run.steps.back();
    const EngineRun& floor = floor_of(comparison, run);
    const EngineStep& floor_end = floor.steps.back();
    return {.searched = end.searched,
            .held_out = end.held_out,
            .over_floor = end.searched - floor_end.searched,
            .held_out_over_floor = end.held_out - floor_end.held_out,
            .to_floor = evaluations_to(run, floor_end.searched),
            .floor_itself = floor_end.evaluations};
}

std::vector<std::string> engines_of(const EngineComparison& comparison) {
    std::vector<std::string> names;
    for (const EngineRun& run : comparison.runs)
        if (std::find(names.begin(), names.end(), run.engine) == names.end()) names.push_back(run.engine);
    return names;
}

std::string sentence(const EngineComparison& comparison, const std::string& engine) {
    int seeds = 0, above = 0, above_held_out = 0, in_half = 0;
    for (const EngineRun& run : comparison.runs) {
        if (run.engine != engine) continue;
        const Outcome outcome = outcome_of(comparison, run);
        ++seeds;
        above += outcome.over_floor > 0 ? 1 : 0;
        above_held_out += outcome.held_out_over_floor > 0 ? 1 : 0;
        in_half += outcome.to_floor && 2 * *outcome.to_floor <= *outcome.floor_itself ? 1 : 0;
    }
    return fmt::format("{}: above {} in {} of {} searches, {} on held-out data; with half the evaluations in {}\n", engine,
                       comparison.floor, above, seeds, above_held_out, in_half);
}

}  // namespace

double held_out_hypervolume(std::span<const study::Evaluation> archive, std::span<const study::Evaluation> held_out,
                            const study::Limits& limits, const search::HypervolumeAxes& axes) {
    std::vector<study::Evaluation> measured;
    for (const search::Design& design : search::admissible_front(archive, limits, axes.unit)) {
        const study::Evaluation& searched = archive[static_cast<std::size_t>(design.evaluation)];
        const study::Evaluation* own = evaluation_of(searched.arch, held_out);
        if (own == nullptr) continue;
        const auto* point = point_at(*own, searched.curve[static_cast<std::size_t>(design.point)].budget_index);
        if (point == nullptr) continue;
        measured.push_back(*own);
        measured.back().curve = {*point};
    }
    return search::hypervolume(measured, limits, axes);
}

std::optional<int> evaluations_to(const EngineRun& run, double hypervolume) {
    const auto step =
        std::find_if(run.steps.begin(), run.steps.end(), [&](const EngineStep& s) { return s.searched >= hypervolume; });
    if (step == run.steps.end()) return {};
    return step->evaluations;
}

std::string engines_table(const EngineComparison& comparison) {
    const std::string over = "over " + comparison.floor;
    TextTable table{.head = {"engine", "seed", "evaluations", "hypervolume", over, "held out", over,
                             "evaluations to " + comparison.floor + "'s", "supernet s", "search s"}};
    for (const std::string& engine : engines_of(comparison)) {
        for (const EngineRun& run : comparison.runs) {
            if (run.engine != engine) continue;
            const Outcome outcome = outcome_of(comparison, run);
            table.rows.push_back({run.engine, fmt::format("{}", run.seed), fmt::format("{}", run.steps.back().evaluations),
                                  fmt::format("{:.4f}", outcome.searched), fmt::format("{:+.4f}", outcome.over_floor),
                                  fmt::format("{:.4f}", outcome.held_out),
                                  fmt::format("{:+.4f}", outcome.held_out_over_floor),
                                  outcome.to_floor ? fmt::format("{}", *outcome.to_floor) : "never",
                                  fmt::format("{:.0f}", run.supernet_seconds), fmt::format("{:.0f}", run.seconds)});
        }
    }
    std::string text = aligned(table) + "\n";
    for (const std::string& engine : engines_of(comparison))
        if (engine != comparison.floor) text += sentence(comparison, engine);
    return text;
}

std::string to_json(const EngineRun& run) {
    Json steps = Json::array();
    for (const EngineStep& s : run.steps)
        steps.push_back({{"evaluations", s.evaluations}, {"searched", s.searched}, {"held_out", s.held_out}});
    return core::to_text(Json{{"engine", run.engine},
                              {"seed", run.seed},
                              {"seconds", run.seconds},
                              {"supernet_seconds", run.supernet_seconds},
                              {"steps", steps}});
}

EngineRun engine_run_from_json(const std::string& text, const std::string& where) {
    const nlohmann::json parsed = core::parse_json(text, where);
    const core::JsonReader in(parsed, where);
    EngineRun run{.engine = in.text("engine"),
                  .seed = in.whole<std::uint64_t>("seed"),
                  .steps = {},
                  .seconds = in.number("seconds"),
                  .supernet_seconds = in.number("supernet_seconds")};
    for (const core::JsonReader& s : in.objects("steps"))
        run.steps.push_back({s.integer("evaluations"), s.number("searched"), s.number("held_out")});
    require(!run.steps.empty(), ErrorKind::bad_data, "{}: a search without steps", where);
    return run;
}

std::string engines_json(const EngineComparison& comparison) {
    Json runs = Json::array();
    for (const EngineRun& run : comparison.runs) {
        const Outcome outcome = outcome_of(comparison, run);
        Json own = Json::parse(to_json(run));
        own["hypervolume"] = outcome.searched;
        own["hypervolume_over_floor"] = outcome.over_floor;
        own["held_out_hypervolume"] = outcome.held_out;
        own["held_out_over_floor"] = outcome.held_out_over_floor;
        own["evaluations_to_floor"] = outcome.to_floor ? Json(*outcome.to_floor) : Json();
        runs.push_back(std::move(own));
    }
    return Json{{"data", comparison.data}, {"floor", comparison.floor}, {"seeds", comparison.seeds}, {"runs", runs}}.dump(
               2, ' ', false, Json::error_handler_t::replace) +
           "\n";
}

std::string engines_csv(const EngineComparison& comparison) {
    std::string csv = "engine,seed,evaluations,hypervolume,held_out_hypervolume\n";
    for (const EngineRun& run : comparison.runs)
        for (const EngineStep& s : run.steps)
            csv += fmt::format("{},{},{},{},{}\n", run.engine, run.seed, s.evaluations, s.searched, s.held_out);
    return csv;
}

}  // namespace nachos::report
