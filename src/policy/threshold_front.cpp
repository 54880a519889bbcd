#include "policy/threshold_front.h"

#include "policy/exit_counts.h"

#include <cmath>
#include <limits>

namespace nachos::policy {

void offer_grid(const Grid& grid, const RankedTable& table, CandidatePool& pool) {
    struct Best {
        double cost = std::numeric_limits<double>::infinity();
        std::size_t cell = 0;
    };
    std::vector<Best> best(static_cast<std::size_t>(table.samples) + 1);
    const std::size_t exits = table.cost.size();
    const double step = table.cost[exits - 1] - table.cost[exits - 2];
    grid.for_each_row([&](const GridRow& row) {
        double extra = 0;  // total cost above that of all samples leaving at the first exit
        for (std::size_t i = row.reach.size(); i-- > 0;) extra += row.reach[i] * (table.cost[i + 1] - table.cost[i]);
        for (std::size_t k = 0; k < row.last.size(); ++k) {
            const double cost = extra + row.last[k].reach * step;
            Best& own = best[static_cast<std::size_t>(row.correct + row.last[k].gain)];
            if (cost < own.cost) own = {cost, row.first + k};
        }
    });
    for (const Best& own : best)
        if (std::isfinite(own.cost)) pool.offer(grid.candidate(own.cell));
}

void refine(const RankedTable& table, const RankLists& ranks, CandidatePool& pool) {
    const Walker walker(table, ranks);
    for (const Candidate& candidate : pool.front())
        walker.around(
            candidate, [] {}, [](std::size_t, std::size_t, std::size_t) {}, [&](const Candidate& c) { pool.offer(c); });
}

std::vector<FrontPoint> front_points(const RankedTable& table, const std::vector<Candidate>& candidates) {
    std::vector<FrontPoint> front;
    for (const Candidate& candidate : candidates) {
        FrontPoint& point = front.emplace_back();
        point.thresholds = thresholds_of(table, candidate);
        point.accuracy = static_cast<double>(candidate.correct) / table.samples;
        point.avg_cost = candidate.cost;
        for (const int t : candidate.taken) point.exit_share.push_back(static_cast<double>(t) / table.samples);
    }
    return front;
}

std::vector<FrontPoint> threshold_front(const ExitView& view, std::span<const double> cost, const TuneOptions& options) {
    check(view, cost);
    const RankedTable table = ranked(view, cost);
    CandidatePool pool(table);
    if (table.early.empty()) {
        pool.offer({.ranks = {}, .taken = {table.samples}, .correct = table.correct_at_first()});
    } else {
        const RankLists ranks = all_candidates(table, options.grid);
        offer_grid(Grid(table, ranks), table, pool);
        if (options.refine) refine(table, ranks, pool);
    }
    return front_points(table, pool.front());
}

}  // namespace nachos::policy
