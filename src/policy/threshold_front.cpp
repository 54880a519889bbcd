#include "policy/exit_counts.h"
#include "policy/ranked_table.h"
#include "policy/thresholds.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace nachos::policy {
namespace {

/// One list of ranks an early exit.
using RankLists = std::vector<std::vector<int>>;

/// Ranks of one exit, ascending, "off" last: all of them if they are at most `most`, else quantiles, the least one included.
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

/// Candidates of each exit, the product of their numbers within `grid`. Exits with few values leave more of it to the
/// others, so that all of all exits are taken whenever they fit.
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

/// What passing an exit adds: samples that reach the next exit, and how many more of them are right there.
struct Passing {
    std::int32_t reach = 0;
    std::int32_t gain = 0;
};

/// The product grid. `levels[i]` (m_1, ..., m_i) holds, for thresholds (t_1, ..., t_i), the sums over all samples that pass
/// exits 1 to i; a vector's accuracy and cost are those of "all leave at exit 1" plus one entry of each level.
class Grid {
  public:
    Grid(const RankedTable& table, const RankLists& ranks) : table_(table), ranks_(ranks) {
        fill();
        for (std::size_t i = 0; i < levels_.size(); ++i) accumulate(i);
    }

    void offer_to(CandidatePool& pool) const;

  private:
    void fill();
    void accumulate(std::size_t level);
    Candidate candidate(std::size_t cell) const;

    const RankedTable& table_;
    const RankLists& ranks_;
    std::vector<std::vector<Passing>> levels_;
};

/// A sample passes exit i under candidates k_i >= bin, where bin is the number of candidates not above its rank.
void Grid::fill() {
    std::size_t cells = 1;
    std::vector<std::size_t> cell(static_cast<std::size_t>(table_.samples), 0);
    for (std::size_t i = 0; i < ranks_.size(); ++i) {
        const Ranks& early = table_.early[i];
        cells *= ranks_[i].size();
        auto& level = levels_.emplace_back(cells);
        std::size_t bin = 0;
        for (int r = 0; r < early.off(); ++r) {
            while (ranks_[i][bin] <= r) ++bin;
            for (const int sample : early.samples(r)) {
                const auto n = static_cast<std::size_t>(sample);
                cell[n] = cell[n] * ranks_[i].size() + bin;
                ++level[cell[n]].reach;
                level[cell[n]].gain += table_.change(n, i, i + 1);
            }
        }
    }
}

/// Prefix sums along every axis.
void Grid::accumulate(std::size_t level) {
    auto& sums = levels_[level];
    std::size_t stride = 1;
    for (std::size_t axis = level + 1; axis-- > 0;) {
        const std::size_t block = stride * ranks_[axis].size();
        for (std::size_t start = 0; start < sums.size(); start += block)
            for (std::size_t k = start + stride; k < start + block; ++k) {
                sums[k].reach += sums[k - stride].reach;
                sums[k].gain += sums[k - stride].gain;
            }
        stride = block;
    }
}

Candidate Grid::candidate(std::size_t cell) const {
    const std::size_t exits = ranks_.size() + 1;
    Candidate c{.ranks = std::vector<int>(exits - 1), .taken = std::vector<int>(exits)};
    c.correct = table_.correct_at_first();
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

void Grid::offer_to(CandidatePool& pool) const {
    struct Best {
        double cost = std::numeric_limits<double>::infinity();
        std::size_t cell = 0;
    };
    std::vector<Best> best(static_cast<std::size_t>(table_.samples) + 1);
    const auto& last = levels_.back();
    const std::size_t width = ranks_.back().size();
    const double step = table_.cost[ranks_.size()] - table_.cost[ranks_.size() - 1];
    const int all_first = table_.correct_at_first();
    for (std::size_t row = 0; row < last.size() / width; ++row) {
        int correct = all_first;
        double extra = 0;  // total cost above that of all samples leaving at the first exit
        std::size_t cell = row;
        for (std::size_t i = levels_.size() - 1; i-- > 0; cell /= ranks_[i].size()) {
            correct += levels_[i][cell].gain;
            extra += levels_[i][cell].reach * (table_.cost[i + 1] - table_.cost[i]);
        }
        for (std::size_t k = row * width; k < (row + 1) * width; ++k) {
            const double cost = extra + last[k].reach * step;
            Best& own = best[static_cast<std::size_t>(correct + last[k].gain)];
            if (cost < own.cost) own = {cost, k};
        }
    }
    for (const Best& own : best)
        if (std::isfinite(own.cost)) pool.offer(candidate(own.cell));
}

/// Moves one threshold at a time off the grid, over every value between the candidates beside it.
class Refiner {
  public:
    Refiner(const RankedTable& table, const RankLists& ranks, CandidatePool& pool)
        : table_(table), ranks_(ranks), pool_(pool) {}

    void around(const Candidate& centre) {
        for (std::size_t exit = 0; exit < ranks_.size(); ++exit) {
            const auto& grid = ranks_[exit];
            const int own = centre.ranks[exit];
            const auto above = std::upper_bound(grid.begin(), grid.end(), own);
            const auto below = std::lower_bound(grid.begin(), grid.end(), own);
            if (above != grid.end()) walk(centre, exit, *above);
            walk(centre, exit, below != grid.begin() ? *std::prev(below) : 0);
        }
    }

  private:
    /// Changes the threshold of `exit` rank by rank up to `target`, and offers each vector on the way.
    void walk(Candidate at, std::size_t exit, int target) {
        const bool up = target > at.ranks[exit];
        while (at.ranks[exit] != target) {
            const int passed = up ? at.ranks[exit]++ : --at.ranks[exit];
            for (const int sample : table_.early[exit].samples(passed)) {
                const auto n = static_cast<std::size_t>(sample);
                if (leaves(n, 0, at) < exit) continue;
                const std::size_t later = leaves(n, exit + 1, at);
                move(at, n, up ? exit : later, up ? later : exit);
            }
            pool_.offer(at);
        }
    }

    /// The first exit from `first` on that the sample takes.
    std::size_t leaves(std::size_t n, std::size_t first, const Candidate& at) const {
        while (first < at.ranks.size() && table_.early[first].of[n] < at.ranks[first]) ++first;
        return first;
    }

    void move(Candidate& at, std::size_t n, std::size_t from, std::size_t to) const {
        --at.taken[from];
        ++at.taken[to];
        at.correct += table_.change(n, from, to);
    }

    const RankedTable& table_;
    const RankLists& ranks_;
    CandidatePool& pool_;
};

void refine(const RankedTable& table, const RankLists& ranks, CandidatePool& pool) {
    Refiner refiner(table, ranks, pool);
    for (const Candidate& candidate : pool.front()) refiner.around(candidate);
}

FrontPoint front_point(const RankedTable& table, const Candidate& candidate) {
    FrontPoint point{.thresholds = Thresholds(candidate.ranks.size()),
                     .accuracy = static_cast<double>(candidate.correct) / table.samples,
                     .avg_cost = candidate.cost};
    for (std::size_t i = 0; i < candidate.ranks.size(); ++i) {
        const Ranks& early = table.early[i];
        if (candidate.ranks[i] < early.off())
            point.thresholds[i] = early.values[static_cast<std::size_t>(candidate.ranks[i])];
    }
    return point;
}

}  // namespace

std::vector<FrontPoint> threshold_front(const ExitView& view, std::span<const double> cost, const TuneOptions& options) {
    check(view, cost);
    const RankedTable table = ranked(view, cost);
    CandidatePool pool(table);
    if (table.early.empty()) {
        pool.offer({.ranks = {}, .taken = {table.samples}, .correct = table.correct_at_first()});
    } else {
        const RankLists ranks = all_candidates(table, options.grid);
        Grid(table, ranks).offer_to(pool);
        if (options.refine) refine(table, ranks, pool);
    }
    std::vector<FrontPoint> front;
    for (const Candidate& candidate : pool.front()) front.push_back(front_point(table, candidate));
    return front;
}

}  // namespace nachos::policy
