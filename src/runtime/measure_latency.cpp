#include "runtime/measure_latency.h"

#include "core/rank_stats.h"
#include "core/stats.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <map>

namespace nachos::runtime {
namespace {

using cost::LatencyTable;

void fill_layers(std::span<const arch::NetDesc> networks, const std::vector<ProbedTimes>& times, LatencyTable& table) {
    std::map<cost::LayerKey, std::vector<double>> samples;
    for (std::size_t n = 0; n < networks.size(); ++n) {
        for (std::size_t l = 0; l < networks[n].layers.size(); ++l) {
            std::vector<double>& own = samples[cost::key_of(networks[n].layers[l])];
            own.insert(own.end(), times[n].layers[l].begin(), times[n].layers[l].end());
        }
    }
    for (const auto& [key, own] : samples)
        table.layers[key] = {.median_us = core::median(own),
                             .spread_us = core::quantile(own, 0.75) - core::quantile(own, 0.25),
                             .samples = static_cast<int>(own.size())};
}

std::vector<double> medians(const std::vector<std::vector<double>>& samples) {
    std::vector<double> values;
    for (const std::vector<double>& s : samples) values.push_back(core::median(s));
    return values;
}

/// What inferences take beyond their layers: the part that each exit adds, and what is left before the first.
void fill_overheads(std::span<const arch::NetDesc> networks, const std::vector<ProbedTimes>& times, LatencyTable& table) {
    std::vector<double> of_exits, at_first;
    for (std::size_t n = 0; n < networks.size(); ++n) {
        if (networks[n].input != table.input) continue;  // an exit's head alone
        const std::vector<double> layers = cost::latency_us(networks[n], table), whole = medians(times[n].exits);
        at_first.push_back(whole[0] - layers[0]);
        for (std::size_t e = 1; e < whole.size(); ++e)
            of_exits.push_back(whole[e] - layers[e] - (whole[e - 1] - layers[e - 1]));
    }
    if (!of_exits.empty()) table.exit_us = std::max(core::median(of_exits), 0.0);
    table.inference_us = std::max(core::median(at_first) - table.exit_us, 0.0);
}

std::vector<LatencyPair> predicted(std::span<const arch::NetDesc> designs, const std::vector<ProbedTimes>& times,
                                   const LatencyTable& table) {
    std::vector<LatencyPair> pairs;
    for (std::size_t d = 0; d < designs.size(); ++d) {
        const std::vector<double> own = cost::latency_us(designs[d], table), measured = medians(times[d].exits);
        for (std::size_t e = 0; e < own.size(); ++e)
            pairs.push_back({static_cast<int>(d), static_cast<int>(e), e + 1 == own.size(), own[e], measured[e]});
    }
    return pairs;
}

cost::LatencyCheck check_of(const std::vector<LatencyPair>& pairs, int designs) {
    std::vector<double> errors, predicted, measured, predicted_whole, measured_whole;
    for (const LatencyPair& p : pairs) {
        errors.push_back(std::abs(p.predicted_us - p.measured_us) / p.measured_us);
        predicted.push_back(p.predicted_us);
        measured.push_back(p.measured_us);
        if (!p.last) continue;
        predicted_whole.push_back(p.predicted_us);
        measured_whole.push_back(p.measured_us);
    }
    return {.designs = designs,
            .median_error = core::median(errors),
            .p90_error = core::quantile(errors, 0.9),
            .spearman = core::spearman_rho(predicted, measured),
            .kendall = core::kendall_tau(predicted, measured),
            .spearman_whole = core::spearman_rho(predicted_whole, measured_whole)};
}

}  // namespace

MeasuredLatencies measure_latencies(std::span<const arch::NetDesc> networks, std::span<const arch::NetDesc> designs,
                                    const ProbeOptions& options, const core::ProgressFn& progress) {
    assert(!networks.empty() && !designs.empty());
    std::vector<ProbedTimes> times(networks.size()), other_times(designs.size());
    const auto total = static_cast<std::int64_t>(networks.size() + designs.size()) * options.passes;
    std::int64_t done = 0;
    const auto visit = [&](std::span<const arch::NetDesc> nets, std::vector<ProbedTimes>& into) {
        for (std::size_t n = 0; n < nets.size(); ++n) {
            probe(timing_model(nets[n], core::Rng(n)), options, into[n]);  // made anew: together they may fill the memory
            if (progress) progress({"measure", ++done, total, "visits"});
        }
    };
    for (int pass = 0; pass < options.passes; ++pass) {
        visit(networks, times);
        visit(designs, other_times);
    }
    MeasuredLatencies result;
    result.table.input = designs[0].input;
    result.table.classes = designs[0].classes;
    fill_layers(networks, times, result.table);
    fill_overheads(networks, times, result.table);
    result.pairs = predicted(designs, other_times, result.table);
    result.table.check = check_of(result.pairs, static_cast<int>(designs.size()));
    return result;
}

}  // namespace nachos::runtime
