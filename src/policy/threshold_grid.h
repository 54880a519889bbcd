#pragma once

#include "policy/ranked_table.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace nachos::policy {

/// One list of ranks an early exit, ascending, "off" last.
using RankLists = std::vector<std::vector<int>>;

/// Candidates of each exit, the product of their numbers within `grid`: all ranks, or up to 512 quantiles, the least one
/// included. Exits with few values leave more of it to the others, so that all of all exits are taken whenever they fit.
RankLists all_candidates(const RankedTable& table, std::int64_t grid);

/// What passing an exit adds: samples that reach the next exit, and how many more of them are right there.
struct Passing {
    std::int32_t reach = 0;
    std::int32_t gain = 0;
};

/// Vectors that differ in their last threshold alone: `last[k]` is that of the k-th candidate, of cell `first + k`.
struct GridRow {
    std::size_t first = 0;
    int correct = 0;         ///< without the gain of `last`
    std::vector<int> reach;  ///< (E - 2) samples that reach exits 2 to E - 1
    std::span<const Passing> last;
};

/// The product grid of a table with at least one early exit. `levels[i]` (m_1, ..., m_i) holds, for thresholds
/// (t_1, ..., t_i), the sums over all samples that pass exits 1 to i; a vector's accuracy and cost are those of "all leave
/// at exit 1" plus one entry of each level. O(N E + grid * E); 8 bytes a cell and level.
class Grid {
  public:
    Grid(const RankedTable& table, const RankLists& ranks);

    const RankedTable& table() const { return table_; }
    const RankLists& ranks() const { return ranks_; }
    std::size_t cells() const { return levels_.back().size(); }
    std::size_t cell_of(std::size_t n) const { return cell_of_[n]; }  ///< the first vector under which it passes all exits
    Candidate candidate(std::size_t cell) const;                      ///< without its cost

    /// Calls visit(const GridRow&) for each row, in order.
    template <class Visit>
    void for_each_row(Visit visit) const;

  private:
    const RankedTable& table_;
    const RankLists& ranks_;
    std::vector<std::uint32_t> cell_of_;  ///< (N) the cell of the last level that the sample falls into
    int correct_at_first_ = 0;
    std::vector<std::vector<Passing>> levels_;
};

template <class Visit>
void Grid::for_each_row(Visit visit) const {
    const std::size_t width = ranks_.back().size();
    GridRow row{.first = 0, .correct = 0, .reach = std::vector<int>(levels_.size() - 1), .last = {}};
    for (; row.first < cells(); row.first += width) {
        row.correct = correct_at_first_;
        std::size_t cell = row.first / width;
        for (std::size_t i = levels_.size() - 1; i-- > 0; cell /= ranks_[i].size()) {
            row.correct += levels_[i][cell].gain;
            row.reach[i] = levels_[i][cell].reach;
        }
        row.last = std::span(levels_.back()).subspan(row.first, width);
        visit(row);
    }
}

/// Moves one threshold of a vector at a time off the grid, over every value between the candidates beside it.
class Walker {
  public:
    Walker(const RankedTable& table, const RankLists& ranks) : table_(table), ranks_(ranks) {}

    /// Calls moved(n, from, to) for each sample that changes its exit, and then offer(candidate), at each step of each walk;
    /// begin() before each walk, which sets out from `centre` again.
    template <class Begin, class Moved, class Offer>
    void around(const Candidate& centre, Begin begin, Moved moved, Offer offer) const {
        for (std::size_t exit = 0; exit < ranks_.size(); ++exit) {
            const auto& grid = ranks_[exit];
            const int own = centre.ranks[exit];
            const auto above = std::upper_bound(grid.begin(), grid.end(), own);
            const auto below = std::lower_bound(grid.begin(), grid.end(), own);
            for (const int target : {above != grid.end() ? *above : own, below != grid.begin() ? *std::prev(below) : 0}) {
                begin();
                walk(centre, exit, target, moved, offer);
            }
        }
    }

  private:
    template <class Moved, class Offer>
    void walk(Candidate at, std::size_t exit, int target, Moved& moved, Offer& offer) const {
        const bool up = target > at.ranks[exit];
        while (at.ranks[exit] != target) {
            const int passed = up ? at.ranks[exit]++ : --at.ranks[exit];
            for (const int sample : table_.early[exit].samples(passed)) {
                const auto n = static_cast<std::size_t>(sample);
                if (table_.leaves(n, 0, at.ranks) < exit) continue;
                const std::size_t later = table_.leaves(n, exit + 1, at.ranks);
                const std::size_t from = up ? exit : later;
                const std::size_t to = up ? later : exit;
                --at.taken[from];
                ++at.taken[to];
                at.correct += table_.change(n, from, to);
                moved(n, from, to);
            }
            offer(at);
        }
    }

    const RankedTable& table_;
    const RankLists& ranks_;
};

}  // namespace nachos::policy
