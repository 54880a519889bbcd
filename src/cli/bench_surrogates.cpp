#include "cli/bench_surrogates.h"

#include "core/rank_stats.h"
#include "core/stats.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <numeric>

namespace nachos::cli {
namespace {

using nlohmann::ordered_json;
using optimize::AdaptiveSwitching;
using optimize::Rows;
using optimize::SurrogateErrors;
using Values = std::vector<double>;

std::vector<int> numbered(std::size_t count) {
    std::vector<int> groups(count);  // each network is a group of its own
    std::iota(groups.begin(), groups.end(), 0);
    return groups;
}

Values means_of(const std::vector<optimize::Prediction>& predictions) {
    Values means;
    for (const auto& p : predictions) means.push_back(p.mean);
    return means;
}

AdaptiveSwitching fitted(const Rows& rows, const Values& values, const SurrogateBenchOptions& options) {
    AdaptiveSwitching switching({.folds = options.folds});
    switching.fit(rows, values, numbered(rows.size()), core::Rng(options.seed));
    return switching;
}

double seconds_of_all_fits(const Rows& rows, const Values& values, std::uint64_t seed) {
    const auto start = std::chrono::steady_clock::now();
    for (const auto& row : optimize::surrogates()) row.make()->fit(rows, values, core::Rng(seed));
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

SurrogateErrors nested_errors(const Rows& rows, const Values& values, const SurrogateBenchOptions& options) {
    const auto folds = optimize::group_folds(numbered(rows.size()), options.folds, core::Rng(options.seed).stream("outer"));
    Values predicted_all, measured_all, kendall, spearman;
    for (int fold = 0; fold < options.folds; ++fold) {
        Rows known, asked;
        Values known_values, measured;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            (folds[i] == fold ? asked : known).push_back(rows[i]);
            (folds[i] == fold ? measured : known_values).push_back(values[i]);
        }
        const Values predicted = means_of(fitted(known, known_values, options).predict(asked));
        kendall.push_back(core::kendall_tau(predicted, measured));
        spearman.push_back(core::spearman_rho(predicted, measured));
        predicted_all.insert(predicted_all.end(), predicted.begin(), predicted.end());
        measured_all.insert(measured_all.end(), measured.begin(), measured.end());
    }
    return {.name = "nested",
            .rmse = core::root_mean_square_error(predicted_all, measured_all),
            .spearman = core::mean(spearman),
            .kendall = core::mean(kendall),
            .kendall_deviation = core::standard_deviation(kendall)};
}

void rank_later(const Rows& rows, const Values& values, const SurrogateBenchOptions& options, TargetFigures& figures) {
    const auto first = static_cast<std::ptrdiff_t>(options.first);
    const Rows known(rows.begin(), rows.begin() + first), later(rows.begin() + first, rows.end());
    const Values known_values(values.begin(), values.begin() + first), measured(values.begin() + first, values.end());
    for (const auto& row : optimize::surrogates()) {
        const auto model = row.make();
        model->fit(known, known_values, core::Rng(options.seed).stream(row.name));
        figures.later.push_back({row.name, core::kendall_tau(means_of(model->predict(later)), measured)});
    }
    const AdaptiveSwitching switching = fitted(known, known_values, options);
    figures.later_switching = {switching.chosen().name, core::kendall_tau(means_of(switching.predict(later)), measured)};
}

ordered_json errors_json(const SurrogateErrors& e) {
    return {{"kendall", e.kendall}, {"kendall_std", e.kendall_deviation}, {"spearman", e.spearman}, {"rmse", e.rmse}};
}

ordered_json target_json(const TargetFigures& f, const SurrogateBenchOptions& options) {
    ordered_json candidates, later;
    for (const SurrogateErrors& e : f.candidates) {
        candidates[e.name] = errors_json(e);
        candidates[e.name]["fit_seconds"] = e.fit_seconds;
    }
    ordered_json switching = errors_json(f.switching);
    switching["chosen"] = f.switching.name;
    ordered_json json{{"target", f.target.name},
                      {"unit", f.target.unit},
                      {"cross_validation",
                       {{"folds", options.folds},
                        {"surrogates", candidates},
                        {"adaptive_switching", switching},
                        {"nested", f.nested ? errors_json(*f.nested) : ordered_json()}}},
                      {"later", ordered_json()},
                      {"all_fits_seconds", f.fits_seconds}};
    if (!f.later_switching) return json;
    for (const LaterRanks& l : f.later) later[l.name] = {{"kendall", l.kendall}};
    json["later"] = {{"fitted_on_first", options.first},
                     {"surrogates", later},
                     {"adaptive_switching", {{"kendall", f.later_switching->kendall}, {"chosen", f.later_switching->name}}}};
    return json;
}

}  // namespace

TargetFigures surrogate_figures(const BenchArchive& archive, const BenchTarget& target,
                                const SurrogateBenchOptions& options) {
    const Values& values = archive.*target.values;
    TargetFigures figures;
    figures.target = target;
    const AdaptiveSwitching switching = fitted(archive.rows, values, options);
    figures.candidates = switching.errors();
    figures.switching = switching.chosen();
    figures.fits_seconds = seconds_of_all_fits(archive.rows, values, options.seed);
    if (options.nested) figures.nested = nested_errors(archive.rows, values, options);
    if (options.first > 0) rank_later(archive.rows, values, options, figures);
    return figures;
}

std::string surrogates_json(const SurrogateBench& bench) {
    ordered_json out{
        {"archive", bench.file}, {"networks", bench.networks}, {"columns", bench.columns}, {"seed", bench.options.seed}};
    out["targets"] = ordered_json::array();
    for (const TargetFigures& f : bench.targets) out["targets"].push_back(target_json(f, bench.options));
    return out.dump(2) + "\n";
}

std::string surrogates_table(const SurrogateBench& bench) {
    std::string text = fmt::format("{}: {} networks, {} columns, {} folds\n", bench.file, bench.networks, bench.columns,
                                   bench.options.folds);
    for (const TargetFigures& f : bench.targets) {
        text += fmt::format("\n{} (rmse in {}; all fits {:.2f} s)\n  {:<8} {:>15} {:>9} {:>10} {:>7} {:>7}\n", f.target.name,
                            f.target.unit, f.fits_seconds, "", "Kendall", "Spearman", "rmse", "fit s", "later");
        for (std::size_t i = 0; i < f.candidates.size(); ++i) {
            const SurrogateErrors& e = f.candidates[i];
            text += fmt::format("{} {:<8} {:>7.3f} +- {:.3f} {:>9.3f} {:>10.4f} {:>7.3f} {:>7}\n",
                                e.name == f.switching.name ? "*" : " ", e.name, e.kendall, e.kendall_deviation, e.spearman,
                                e.rmse, e.fit_seconds, i < f.later.size() ? fmt::format("{:.3f}", f.later[i].kendall) : "");
        }
        if (f.nested)
            text += fmt::format("  chosen anew in each fold: Kendall {:.3f} +- {:.3f}\n", f.nested->kendall,
                                f.nested->kendall_deviation);
        if (f.later_switching)
            text += fmt::format("  fitted on the first {}: keeps {}, ranks later ones by Kendall {:.3f}\n",
                                bench.options.first, f.later_switching->name, f.later_switching->kendall);
    }
    return text + "\n* = kept by adaptive switching; later = Kendall on later networks\n";
}

}  // namespace nachos::cli
