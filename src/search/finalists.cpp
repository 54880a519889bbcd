#include "search/finalists.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>

namespace nachos::search {
namespace {

constexpr std::array kComparators{
    ComparatorRow{"no-exits", "the same network without exits"},
    ComparatorRow{"best-plain", "the best network without exits that the search found"},
    ComparatorRow{"branchynet", "exits made by hand on the same backbone, taken by entropy (BranchyNet)"},
    ComparatorRow{"edanas", "the design itself, its exits taken by score margin (EDANAS)"},
};

/// The most accurate point of an architecture that has no exits, if the limits let it be.
std::optional<double> plain_accuracy(const study::Evaluation& evaluation, const study::Limits& limits) {
    if (!evaluation.ok() || evaluation.arch.placed_exits() > 0) return {};
    std::optional<double> best;
    for (const study::CurvePoint& p : evaluation.curve) {
        if (study::violations(limits, evaluation.costs, p.point).empty())
            best = std::max(best.value_or(0), p.point.accuracy);
    }
    return best;
}

std::optional<arch::ArchSpec> best_plain(std::span<const study::Evaluation> archive, study::Limits limits) {
    limits.min_accuracy = limits.min_class_accuracy = std::nullopt;  // plain networks may need what they cannot reach
    std::optional<arch::ArchSpec> best;
    double most = -1;
    for (const study::Evaluation& evaluation : archive) {
        const auto accuracy = plain_accuracy(evaluation, limits);
        if (!accuracy || *accuracy <= most) continue;
        most = *accuracy;
        best = evaluation.arch;
    }
    return best;
}

/// The least convolution an exit of the space can have, or none where it has only linear ones.
arch::ExitSpec hand_made_exit(const arch::SearchSpace& space) {
    arch::ExitSpec exit{.placed = true};
    const arch::SpaceData& data = space.data();
    if (data.exit_style == arch::ExitStyle::published || data.exit_convs.empty()) return exit;
    const auto one = std::find_if(data.exit_convs.begin(), data.exit_convs.end(), [](int convs) { return convs > 0; });
    exit.convs = one == data.exit_convs.end() ? 0 : *one;
    if (exit.convs == 0) return exit;
    exit.width = data.exit_widths.front();
    exit.pool = data.exit_pools.back();
    return exit;
}

/// Whether there are thresholds with which averages meet the limits: all samples may leave at the first exit.
bool averages_can_meet(const study::Limits& limits, const study::ArchCosts& costs) {
    const auto meets = [&](const std::optional<double>& most, study::CostUnit unit) {
        return !most || study::exit_costs(costs, unit).front() <= *most;
    };
    return meets(limits.max_avg_macs, study::CostUnit::macs) &&
           meets(limits.max_avg_latency_us, study::CostUnit::latency_us);
}

std::optional<arch::ArchSpec> branchynet(const arch::ArchSpec& design, const study::Limits& limits,
                                         const arch::SearchSpace& space,
                                         const std::function<study::ArchCosts(const arch::ArchSpec&)>& costs) {
    const std::int64_t wanted = costs(design).executed_macs.back();
    std::optional<std::int64_t> least;
    std::optional<arch::ArchSpec> nearest;
    for (unsigned sites = 1; sites < 1U << space.sites(); ++sites) {
        arch::ArchSpec spec = design;
        for (std::size_t s = 0; s < spec.exits.size(); ++s)
            spec.exits[s] = (sites >> s & 1U) != 0 ? hand_made_exit(space) : arch::ExitSpec{};
        const study::ArchCosts own = costs(spec);
        const std::int64_t distance = std::abs(own.executed_macs.back() - wanted);
        if (!averages_can_meet(limits, own) || (least && distance >= *least)) continue;
        least = distance;
        nearest = spec;
    }
    return nearest;
}

}  // namespace

arch::ArchSpec with_hand_made_exits(arch::ArchSpec spec, const arch::SearchSpace& space) {
    spec.exits.assign(static_cast<std::size_t>(space.sites()), hand_made_exit(space));
    return spec;
}

std::vector<int> finalists(std::span<const study::Evaluation> archive, const study::Limits& limits,
                           const HypervolumeAxes& axes, int top) {
    const std::vector<Design> front = admissible_front(archive, limits, axes.unit);
    std::vector<int> candidates;  // most accurate first
    for (auto design = front.rbegin(); design != front.rend(); ++design) {
        if (std::find(candidates.begin(), candidates.end(), design->evaluation) == candidates.end())
            candidates.push_back(design->evaluation);
    }
    std::vector<int> chosen;
    std::vector<study::Evaluation> evaluations;  // of those chosen
    while (static_cast<int>(chosen.size()) < top && !candidates.empty()) {
        std::size_t best = 0;
        double most = -1;
        for (std::size_t i = 0; i < candidates.size() && !chosen.empty(); ++i) {
            evaluations.push_back(archive[static_cast<std::size_t>(candidates[i])]);
            const double volume = hypervolume(evaluations, limits, axes);
            evaluations.pop_back();
            if (volume > most) {
                most = volume;
                best = i;
            }
        }
        chosen.push_back(candidates[best]);
        evaluations.push_back(archive[static_cast<std::size_t>(candidates[best])]);
        candidates.erase(candidates.begin() + static_cast<std::ptrdiff_t>(best));
    }
    return chosen;
}

std::span<const ComparatorRow> comparator_rows() { return kComparators; }

std::vector<Comparator> comparators_of(const arch::ArchSpec& design, const std::string& measure,
                                       std::span<const study::Evaluation> archive, const study::Limits& limits,
                                       const arch::SearchSpace& space,
                                       const std::function<study::ArchCosts(const arch::ArchSpec&)>& costs) {
    std::vector<Comparator> comparators;
    const auto add = [&](const char* name, const arch::ArchSpec& spec, const std::string& by) {
        const bool plain = spec.placed_exits() == 0;
        if (plain && spec == design) return;
        for (const Comparator& other : comparators)
            if (plain && other.arch == spec) return;
        comparators.push_back({.name = name, .arch = spec, .measure = by});
    };
    add("no-exits", arch::without_exits(design), measure);
    if (const auto plain = best_plain(archive, limits)) add("best-plain", *plain, measure);
    if (const auto made = branchynet(design, limits, space, costs)) {
        add("branchynet", *made, "entropy");
        comparators.back().gates = false;
    }
    if (design.placed_exits() > 0) {
        add("edanas", design, "score_margin");
        comparators.back().own = false;
    }
    return comparators;
}

}  // namespace nachos::search
