#include "policy/threshold_grid.h"

#include <cmath>
#include <numeric>

namespace nachos::policy {
namespace {

/// Ranks of one exit: all of them if they are at most `most`, else quantiles.
std::vector<int> candidates(const Ranks& ranks, std::int64_t most) {
    constexpr std::int64_t kMostQuantiles = 512;  // finer ones are left to the refinement
    std::vector<int> chosen;
    if (ranks.off() < most) {
        chosen.resize(ranks.values.size());
        std::iota(chosen.begin(), chosen.end(), 0);
    } else {
        const auto samples = static_cast<std::int64_t>(ranks.order.size());
        const std::int64_t parts = std::min(most - 1, kMostQuantiles);
        for (std::int64_t j = 0; j < parts; ++j) {
            const int sample = ranks.order[static_cast<std::size_t>(j * samples / parts)];
            chosen.push_back(ranks.of[static_cast<std::size_t>(sample)]);
        }
        chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
    }
    chosen.push_back(ranks.off());
    return chosen;
}

/// Sums of all cells up to each along every axis, the outermost first. Each slice is finished before the next is touched, so
/// that it is still in the cache when that needs it.
void prefix_sums(std::span<Passing> sums, std::span<const std::vector<int>> axes) {
    const std::size_t size = sums.size() / axes.front().size();
    Passing total;
    for (std::size_t slice = 0; slice < sums.size(); slice += size) {
        if (axes.size() == 1) {
            sums[slice] = total = {total.reach + sums[slice].reach, total.gain + sums[slice].gain};
            continue;
        }
        prefix_sums(sums.subspan(slice, size), axes.subspan(1));
        for (std::size_t k = slice; k < slice + size && slice > 0; ++k) {
            sums[k].reach += sums[k - size].reach;
            sums[k].gain += sums[k - size].gain;
        }
    }
}

}  // namespace

RankLists all_candidates(const RankedTable& table, std::int64_t grid) {
    std::vector<std::size_t> by_size(table.early.size());
    std::iota(by_size.begin(), by_size.end(), 0);
    std::stable_sort(by_size.begin(), by_size.end(),
                     [&](std::size_t a, std::size_t b) { return table.early[a].off() < table.early[b].off(); });
    RankLists chosen(table.early.size());
    std::int64_t room = std::max<std::int64_t>(grid, 1);
    for (std::size_t done = 0; done < by_size.size(); ++done) {
        const double share = std::pow(static_cast<double>(room), 1.0 / static_cast<double>(by_size.size() - done));
        const auto most = static_cast<std::int64_t>(share * (1 + 1e-12));  // an exact root must not round down
        auto& own = chosen[by_size[done]];
        own = candidates(table.early[by_size[done]], most);
        room /= static_cast<std::int64_t>(own.size());
    }
    return chosen;
}

/// A sample passes exit i under candidates k_i >= bin, where bin is the number of candidates not above its rank.
Grid::Grid(const RankedTable& table, const RankLists& ranks)
    : table_(table), ranks_(ranks), cell_of_(static_cast<std::size_t>(table.samples), 0) {
    correct_at_first_ = table.correct_at_first();
    std::size_t cells = 1;
    for (std::size_t i = 0; i < ranks_.size(); ++i) {
        const Ranks& early = table_.early[i];
        const auto width = static_cast<std::uint32_t>(ranks_[i].size());
        cells *= width;
        auto& level = levels_.emplace_back(cells);
        std::uint32_t bin = 0;
        for (int r = 0; r < early.off(); ++r) {
            while (ranks_[i][bin] <= r) ++bin;
            for (const int sample : early.samples(r)) {
                const auto n = static_cast<std::size_t>(sample);
                cell_of_[n] = cell_of_[n] * width + bin;
                ++level[cell_of_[n]].reach;
                level[cell_of_[n]].gain += table_.change(n, i, i + 1);
            }
        }
        prefix_sums(level, std::span(ranks_).first(i + 1));
    }
}

Candidate Grid::candidate(std::size_t cell) const {
    const std::size_t exits = ranks_.size() + 1;
    Candidate c{.ranks = std::vector<int>(exits - 1), .taken = std::vector<int>(exits)};
    c.correct = correct_at_first_;
    int reach = 0;
    for (std::size_t i = exits - 1; i-- > 0;) {
        const Passing& passing = levels_[i][cell];
        c.taken[i + 1] = passing.reach - reach;
        reach = passing.reach;
        c.correct += passing.gain;
        c.ranks[i] = ranks_[i][cell % ranks_[i].size()];
        cell /= ranks_[i].size();
    }
    c.taken[0] = table_.samples - reach;
    return c;
}

}  // namespace nachos::policy
