#include "policy/ranked_table.h"

#include "policy/exit_counts.h"

#include <algorithm>

namespace nachos::policy {
namespace {

Ranks rank(const ExitView& view, int exit) {
    std::vector<std::pair<float, int>> sorted;
    for (int n = 0; n < view.samples; ++n) sorted.emplace_back(view.confidence(n, exit), n);
    std::sort(sorted.begin(), sorted.end());
    Ranks ranks;
    ranks.of.resize(sorted.size());
    for (const auto& [value, sample] : sorted) {
        if (ranks.values.empty() || ranks.values.back() != value) {
            ranks.values.push_back(value);
            ranks.begin.push_back(static_cast<int>(ranks.order.size()));
        }
        ranks.of[static_cast<std::size_t>(sample)] = ranks.off() - 1;
        ranks.order.push_back(sample);
    }
    ranks.begin.push_back(view.samples);
    return ranks;
}

}  // namespace

RankedTable ranked(const ExitView& view, std::span<const double> cost) {
    RankedTable table{.samples = view.samples, .early = {}, .right = {}, .cost = cost};
    for (int i = 0; i < view.exits; ++i) {
        if (i + 1 < view.exits) table.early.push_back(rank(view, i));
        auto& right = table.right.emplace_back();
        for (int n = 0; n < view.samples; ++n) right.push_back(view.correct(n, i) ? 1 : 0);
    }
    return table;
}

Thresholds thresholds_of(const RankedTable& table, const Candidate& candidate) {
    Thresholds thresholds(candidate.ranks.size());
    for (std::size_t i = 0; i < candidate.ranks.size(); ++i) {
        const Ranks& early = table.early[i];
        if (candidate.ranks[i] < early.off()) thresholds[i] = early.values[static_cast<std::size_t>(candidate.ranks[i])];
    }
    return thresholds;
}

void CandidatePool::offer(const Candidate& candidate) {
    int& place = place_[static_cast<std::size_t>(candidate.correct)];
    const double cost = mean_cost(candidate.taken, cost_);
    if (place < 0) {
        place = static_cast<int>(best_.size());
        best_.emplace_back();
    }
    Candidate& best = best_[static_cast<std::size_t>(place)];
    if (cost >= best.cost) return;
    best = candidate;
    best.cost = cost;
}

std::vector<Candidate> CandidatePool::front() const {
    std::vector<Candidate> kept;
    double least = std::numeric_limits<double>::infinity();
    for (auto place = place_.rbegin(); place != place_.rend(); ++place) {
        if (*place < 0) continue;
        const Candidate& c = best_[static_cast<std::size_t>(*place)];
        if (c.cost >= least) continue;
        least = c.cost;
        kept.push_back(c);
    }
    std::reverse(kept.begin(), kept.end());
    return kept;
}

}  // namespace nachos::policy
