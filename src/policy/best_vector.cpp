#include "policy/best_vector.h"

#include "policy/exit_counts.h"
#include "policy/threshold_front.h"
#include "policy/vector_score.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace nachos::policy {
namespace {

constexpr int kMostRounds = 64;
constexpr std::int64_t kMostClassCells = std::int64_t{1} << 26;
constexpr std::int64_t kMostSeedSteps = std::int64_t{1} << 26;

bool on_grid(const Candidate& candidate, const RankLists& grid) {
    for (std::size_t exit = 0; exit < grid.size(); ++exit)
        if (!std::binary_search(grid[exit].begin(), grid[exit].end(), candidate.ranks[exit])) return false;
    return !grid.empty();  // no early exit, no grid
}

/// The best candidate seen.
class Search {
  public:
    Search(const RankedTable& table, const Scorer& scorer, const ClassIndex& classes)
        : table_(table), scorer_(scorer), classes_(classes), class_rights_(table, classes) {}

    void over_grid(const Grid& grid);
    void over_front(const std::vector<Candidate>& front, const RankLists& seen);
    void refine(const RankLists& ranks);

    const Candidate& best() const { return best_; }
    std::vector<BrokenLimit> broken() { return scorer_.broken(best_, scorer_.worst_class(class_rights_.all(best_.ranks))); }

  private:
    bool offer(const Candidate& candidate, std::span<const int> rights);
    void offer(const Candidate& candidate);
    bool enough(std::span<const int> rights);

    const RankedTable& table_;
    const Scorer& scorer_;
    const ClassIndex& classes_;  ///< empty unless the worst class is limited
    ClassRights class_rights_;
    Candidate best_;
    Score best_score_;
    Needs needs_ = scorer_.needs(best_score_);
    std::size_t poor_ = 0;  ///< the class that refused a candidate last
};

/// Takes the candidate if it is better; says whether it did. `rights` are the right samples of each class.
bool Search::offer(const Candidate& candidate, std::span<const int> rights) {
    const Score score = scorer_.score(candidate, scorer_.worst_class(rights));
    if (!(score < best_score_)) return false;
    best_ = candidate;
    best_score_ = score;
    needs_ = scorer_.needs(score);
    return true;
}

/// The same, counting the right samples of each class as long as they are enough.
void Search::offer(const Candidate& candidate) {
    const std::size_t classes = classes_.samples.size();
    std::vector<int> rights(classes);
    for (std::size_t i = 0, c = poor_; i < classes; ++i, c = (c + 1) % classes) {
        rights[c] = class_rights_.right(c, candidate.ranks);
        if (rights[c] >= needs_.class_right[c]) continue;
        poor_ = c;
        return;
    }
    offer(candidate, rights);
}

/// Whether no class alone keeps the candidate from being the best.
bool Search::enough(std::span<const int> rights) {
    if (rights.empty()) return true;
    if (rights[poor_] < needs_.class_right[poor_]) return false;
    for (std::size_t c = 0; c < rights.size(); ++c) {
        if (rights[c] >= needs_.class_right[c]) continue;
        poor_ = c;
        return false;
    }
    return true;
}

/// Each vector is refused as cheaply as can be: by its right samples, by those that reach the late exits, which do not fall
/// along a row, by those of each class; few are scored.
void Search::over_grid(const Grid& grid) {
    std::optional<GridClassRights> classes;
    if (scorer_.wants_classes()) classes.emplace(grid, classes_);
    const std::size_t last = table_.cost.size() - 1;
    const double step = (table_.cost[last] - table_.cost[last - 1]) / table_.samples;
    Candidate at{.ranks = {}, .taken = std::vector<int>(last + 1)};
    std::size_t cell = 0;
    grid.for_each_row([&](const GridRow& row) {
        int reached = table_.samples;
        for (std::size_t exit = 0; exit < row.reach.size(); ++exit) {
            if (exit >= needs_.late_exit && reached > needs_.most_late) return;
            at.taken[exit] = reached - row.reach[exit];
            reached = row.reach[exit];
        }
        if (last > needs_.late_exit && reached > needs_.most_late) return;
        at.taken[last - 1] = reached;
        at.taken[last] = 0;
        const double least = mean_cost(at.taken, table_.cost);  // where all who reach it take the last early exit
        bool in_row = false;
        for (std::size_t k = 0; k < row.last.size(); ++k) {
            const Passing& passing = row.last[k];
            at.correct = row.correct + passing.gain;
            if (at.correct < needs_.correct) continue;
            if (least + passing.reach * step > needs_.most_cost) break;
            if (last == needs_.late_exit && passing.reach > needs_.most_late) break;
            std::span<const int> rights;
            if (classes) {
                if (!in_row) classes->go_to_row(row.first);
                in_row = true;
                rights = classes->at(k);
                if (!enough(rights)) continue;
            }
            at.taken[last - 1] = reached - passing.reach;
            at.taken[last] = passing.reach;
            if (offer(at, rights)) cell = row.first + k;
        }
    });
    best_ = grid.candidate(cell);
}

/// From the better end of the front on. If the worst class is limited, each point that may be better costs a pass over the
/// samples, and only some are looked at. Those on the grid `seen` are not better than the best of it.
void Search::over_front(const std::vector<Candidate>& front, const RankLists& seen) {
    const std::int64_t steps = static_cast<std::int64_t>(table_.samples) * static_cast<std::int64_t>(table_.cost.size());
    std::int64_t left = scorer_.wants_classes() ? std::max<std::int64_t>(16, kMostSeedSteps / steps)
                                                : static_cast<std::int64_t>(front.size());
    for (std::size_t p = 0; p < front.size() && left > 0; ++p) {
        const Candidate& candidate = front[scorer_.wants_cheapest() ? p : front.size() - 1 - p];
        if (!(scorer_.score(candidate, 1) < best_score_)) continue;  // whatever its worst class is
        if (!on_grid(candidate, seen)) offer(candidate);
        --left;
    }
}

void Search::refine(const RankLists& ranks) {
    const Walker walker(table_, ranks);
    bool better = true;
    for (int round = 0; better && round < kMostRounds; ++round) {
        better = false;
        const Candidate centre = best_;
        const std::vector<int> at_centre = class_rights_.all(centre.ranks);
        std::vector<int> right;
        const auto moved = [&](std::size_t n, std::size_t from, std::size_t to) {
            if (!right.empty()) right[static_cast<std::size_t>(classes_.of[n])] += table_.change(n, from, to);
        };
        const auto step = [&](const Candidate& at) {
            if (at.correct >= needs_.correct && enough(right) && offer(at, right)) better = true;
        };
        walker.around(
            centre, [&] { right = at_centre; }, moved, step);
    }
}

/// The best of a table with early exits; `front` and `grid` are those of its front.
class Solver {
  public:
    Solver(const ExitView& view, std::span<const double> cost, const ThresholdLimits& limits, const TuneOptions& options)
        : view_(view),
          table_(ranked(view, cost)),
          classes_(limits.min_class_accuracy ? class_index(view) : ClassIndex{}),
          scorer_(limits, cost, view.samples, classes_),
          options_(options) {}

    Tuning solve() {
        CandidatePool pool(table_);
        Search search(table_, scorer_, classes_);
        if (table_.early.empty())
            pool.offer({.ranks = {}, .taken = {table_.samples}, .correct = table_.correct_at_first()});
        else
            search_grid(search, pool);
        const std::vector<Candidate> front = pool.front();
        search.over_front(front, ranks_);
        if (!table_.early.empty()) search.refine(ranks_);
        return {.front = front_points(table_, front),
                .best = {apply(view_, thresholds_of(table_, search.best()), table_.cost), search.broken()}};
    }

  private:
    void search_grid(Search& search, CandidatePool& pool) {
        ranks_ = all_candidates(table_, options_.grid);
        const Grid grid(table_, ranks_);
        offer_grid(grid, table_, pool);
        if (options_.refine) policy::refine(table_, ranks_, pool);
        const auto classes = static_cast<std::int64_t>(classes_.samples.size());
        if (static_cast<std::int64_t>(grid.cells()) * classes <= kMostClassCells) return search.over_grid(grid);
        ranks_ = all_candidates(table_, kMostClassCells / classes);
        search.over_grid(Grid(table_, ranks_));
    }

    const ExitView& view_;
    const RankedTable table_;
    const ClassIndex classes_;
    const Scorer scorer_;
    const TuneOptions options_;
    RankLists ranks_;  ///< of the grid that the best was looked for on
};

}  // namespace

Tuning tune(const ExitView& view, std::span<const double> cost, const ThresholdLimits& limits, const TuneOptions& options) {
    check(view, cost);
    return Solver(view, cost, limits, options).solve();
}

BestVector best_vector(const ExitView& view, std::span<const double> cost, const ThresholdLimits& limits,
                       TuneOptions options) {
    options.refine = false;
    return tune(view, cost, limits, options).best;
}

PointIntervals intervals95(const OperatingPoint& point, int samples, std::span<const double> cost) {
    std::vector<int> taken;
    for (const double share : point.exit_share) taken.push_back(static_cast<int>(std::lround(share * samples)));
    const double half = core::normal_quantile(0.975) * mean_cost_error(taken, cost);
    return {core::wilson95(point.accuracy, samples), {point.avg_cost - half, point.avg_cost + half}};
}

}  // namespace nachos::policy
