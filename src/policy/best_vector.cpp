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

/// For each vector of the grid the accuracy of its worst class.
std::vector<double> worst_classes(const Grid& grid, const ClassIndex& classes) {
    std::vector<double> worst(grid.cells(), 1);
    for (const std::vector<int>& samples : classes.samples) {
        const auto count = static_cast<double>(samples.size());
        Grid(grid, samples).for_each_row([&](const GridRow& row) {
            for (std::size_t k = 0; k < row.last.size(); ++k) {
                double& own = worst[row.first + k];
                own = std::min(own, (row.correct + row.last[k].gain) / count);
            }
        });
    }
    return worst;
}

/// The best candidate seen.
class Search {
  public:
    Search(const RankedTable& table, const Scorer& scorer, const ClassIndex& classes)
        : table_(table), scorer_(scorer), classes_(classes) {}

    void over_grid(const Grid& grid);
    void over_front(const std::vector<Candidate>& front);
    void refine(const RankLists& ranks);

    const Candidate& best() const { return best_; }
    std::vector<BrokenLimit> broken() const { return scorer_.broken(best_, worst_class(rights(best_))); }

  private:
    std::vector<int> rights(const Candidate& candidate) const;
    double worst_class(const std::vector<int>& rights) const;
    bool offer(const Candidate& candidate, double worst_class);

    const RankedTable& table_;
    const Scorer& scorer_;
    const ClassIndex& classes_;  ///< empty unless the worst class is limited
    Candidate best_;
    Score best_score_;
};

/// Right samples of each class.
std::vector<int> Search::rights(const Candidate& candidate) const {
    std::vector<int> right(classes_.samples.size());
    for (std::size_t n = 0; n < classes_.of.size(); ++n)
        right[static_cast<std::size_t>(classes_.of[n])] += table_.right[table_.leaves(n, 0, candidate.ranks)][n];
    return right;
}

double Search::worst_class(const std::vector<int>& rights) const {
    double worst = 1;
    for (std::size_t c = 0; c < rights.size(); ++c)
        worst = std::min(worst, rights[c] / static_cast<double>(classes_.samples[c].size()));
    return worst;
}

/// Takes the candidate if it is better; says whether it did.
bool Search::offer(const Candidate& candidate, double worst_class) {
    const Score score = scorer_.score(candidate, worst_class);
    if (!(score < best_score_)) return false;
    best_ = candidate;
    best_score_ = score;
    return true;
}

void Search::over_grid(const Grid& grid) {
    const auto worst = scorer_.wants_classes() ? worst_classes(grid, classes_) : std::vector<double>();
    Candidate at{.ranks = {}, .taken = std::vector<int>(table_.cost.size())};
    std::size_t cell = 0;
    const double step = (table_.cost[table_.cost.size() - 1] - table_.cost[table_.cost.size() - 2]) / table_.samples;
    grid.for_each_row([&](const GridRow& row) {
        int reached = table_.samples;
        std::size_t exit = 0;
        for (const int reach : row.reach) {
            at.taken[exit++] = reached - reach;
            reached = reach;
        }
        at.taken[exit] = reached;
        at.taken[exit + 1] = 0;
        const double least =
            mean_cost(at.taken, table_.cost);  // of the row, where all who reach it take the last early exit
        const double most = scorer_.most_cost(best_score_);
        for (std::size_t k = 0; k < row.last.size(); ++k) {
            at.correct = row.correct + row.last[k].gain;
            if (scorer_.hopeless(at.correct, best_score_) || least + row.last[k].reach * step > most) continue;
            at.taken[exit] = reached - row.last[k].reach;
            at.taken[exit + 1] = row.last[k].reach;
            if (offer(at, worst.empty() ? 1 : worst[row.first + k])) cell = row.first + k;
        }
    });
    best_ = grid.candidate(cell);
}

/// From the better end of the front on. If the worst class is limited, each point that may be better costs a pass over the
/// samples, and only some are looked at.
void Search::over_front(const std::vector<Candidate>& front) {
    const std::int64_t steps = static_cast<std::int64_t>(table_.samples) * static_cast<std::int64_t>(table_.cost.size());
    std::int64_t left = scorer_.wants_classes() ? std::max<std::int64_t>(16, kMostSeedSteps / steps)
                                                : static_cast<std::int64_t>(front.size());
    for (std::size_t p = 0; p < front.size() && left > 0; ++p) {
        const Candidate& candidate = front[scorer_.wants_cheapest() ? p : front.size() - 1 - p];
        if (!(scorer_.score(candidate, 1) < best_score_)) continue;  // whatever its worst class is
        offer(candidate, worst_class(rights(candidate)));
        --left;
    }
}

void Search::refine(const RankLists& ranks) {
    const Walker walker(table_, ranks);
    bool better = true;
    for (int round = 0; better && round < kMostRounds; ++round) {
        better = false;
        const Candidate centre = best_;
        const std::vector<int> at_centre = rights(centre);
        std::vector<int> right;
        const auto moved = [&](std::size_t n, std::size_t from, std::size_t to) {
            if (!right.empty()) right[static_cast<std::size_t>(classes_.of[n])] += table_.change(n, from, to);
        };
        const auto step = [&](const Candidate& at) {
            if (!scorer_.hopeless(at.correct, best_score_) && offer(at, worst_class(right))) better = true;
        };
        walker.around(
            centre, [&] { right = at_centre; }, moved, step);
    }
}

/// The best of a table with early exits; `front` and `grid` are those of its front.
class Solver {
  public:
    Solver(const ExitView& view, std::span<const double> cost, const ThresholdLimits& limits, const TuneOptions& options)
        : view_(view), table_(ranked(view, cost)), scorer_(limits, cost, view.samples), options_(options) {
        if (scorer_.wants_classes()) classes_ = class_index(view);
    }

    Tuning solve() {
        CandidatePool pool(table_);
        Search search(table_, scorer_, classes_);
        if (table_.early.empty())
            pool.offer({.ranks = {}, .taken = {table_.samples}, .correct = table_.correct_at_first()});
        else
            search_grid(search, pool);
        const std::vector<Candidate> front = pool.front();
        search.over_front(front);
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
    const Scorer scorer_;
    const TuneOptions options_;
    ClassIndex classes_;
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
