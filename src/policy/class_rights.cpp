#include "policy/class_rights.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace nachos::policy {
namespace {

constexpr std::size_t kLanes = 8;  // sums of so many classes are added at once

/// sums += slice, both (cells, lanes).
void add(std::span<std::int32_t> sums, const std::int32_t* slice) {
    std::int32_t* own = sums.data();
    for (std::size_t first = 0; first < sums.size(); first += kLanes)
        for (std::size_t i = 0; i < kLanes; ++i) own[first + i] += slice[first + i];
}

}  // namespace

ClassIndex class_index(const ExitView& view) {
    ClassIndex index;
    std::map<std::int32_t, int> number;
    for (const std::int32_t label : view.labels) number.emplace(label, 0);
    for (auto& [label, own] : number) {
        own = static_cast<int>(index.samples.size());
        index.samples.emplace_back();
    }
    for (int n = 0; n < view.samples; ++n) {
        index.of.push_back(number.at(view.labels[static_cast<std::size_t>(n)]));
        index.samples[static_cast<std::size_t>(index.of.back())].push_back(n);
    }
    return index;
}

ClassRights::ClassRights(const RankedTable& table, const ClassIndex& classes)
    : begin_{0}, ranks_(table.early.size()), right_(table.right.size()) {
    for (const std::vector<int>& samples : classes.samples) {
        begin_.push_back(begin_.back() + samples.size());
        for (const int sample : samples) {
            const auto n = static_cast<std::size_t>(sample);
            for (std::size_t i = 0; i < ranks_.size(); ++i) ranks_[i].push_back(table.early[i].of[n]);
            for (std::size_t i = 0; i < right_.size(); ++i) right_[i].push_back(table.right[i][n]);
        }
    }
}

int ClassRights::right(std::size_t of_class, std::span<const int> ranks) {
    const std::size_t begin = begin_[of_class];
    const std::size_t count = begin_[of_class + 1] - begin;
    now_.assign(right_.back().data() + begin, right_.back().data() + begin + count);
    for (std::size_t exit = ranks.size(); exit-- > 0;) {
        const int* rank = ranks_[exit].data() + begin;
        const int* right = right_[exit].data() + begin;
        int* now = now_.data();
        const int threshold = ranks[exit];
        for (std::size_t n = 0; n < count; ++n) {
            const int passes = (rank[n] - threshold) >> 31;  // all bits, or none
            now[n] = right[n] ^ ((right[n] ^ now[n]) & passes);
        }
    }
    return std::accumulate(now_.begin(), now_.end(), 0);
}

std::vector<int> ClassRights::all(std::span<const int> ranks) {
    std::vector<int> rights;
    for (std::size_t c = 0; c + 1 < begin_.size(); ++c) rights.push_back(right(c, ranks));
    return rights;
}

GridClassRights::GridClassRights(const Grid& grid, const ClassIndex& classes)
    : grid_(grid),
      classes_(classes),
      lanes_((classes.samples.size() + kLanes - 1) / kLanes * kLanes),
      stands_(grid.ranks().size(), -1) {
    std::size_t cells = grid.cells();
    for (const auto& candidates : grid.ranks()) {
        cells /= candidates.size();
        after_.push_back(cells);
        sums_.emplace_back(cells * lanes_);
    }
    for (std::size_t n = 0; n < classes.of.size(); ++n)  // whoever is right at exit 1 is so wherever the grid stands
        sums_[0][static_cast<std::size_t>(classes.of[n])] += grid.table().right[0][n];
}

void GridClassRights::go_to_row(std::size_t first) {
    bool moved = false;
    for (std::size_t axis = 0; axis + 1 < stands_.size(); ++axis) {
        const auto candidate = static_cast<std::int64_t>(first / after_[axis]);
        first %= after_[axis];
        if (moved) restart(axis);
        moved = moved || stands_[axis] != candidate;
        go_to(axis, candidate);
    }
    if (moved) restart(stands_.size() - 1);
}

std::span<const std::int32_t> GridClassRights::at(std::size_t k) {
    go_to(stands_.size() - 1, static_cast<std::int64_t>(k));
    return std::span(sums_.back()).first(classes_.samples.size());
}

void GridClassRights::restart(std::size_t axis) {
    stands_[axis] = -1;
    std::fill(sums_[axis].begin(), sums_[axis].end(), 0);
}

void GridClassRights::go_to(std::size_t axis, std::int64_t candidate) {
    while (stands_[axis] < candidate) {
        const auto next = static_cast<std::size_t>(++stands_[axis]);
        if (axis == 0)
            step_first_axis(next);
        else
            add(sums_[axis], sums_[axis - 1].data() + next * sums_[axis].size());
    }
}

/// Adds the samples that pass exit 1 at this candidate and at none before it. What passing exit i + 1 changes holds for all
/// candidates of the later exits: it is added where they have their first.
void GridClassRights::step_first_axis(std::size_t candidate) {
    const RankedTable& table = grid_.table();
    const auto& candidates = grid_.ranks()[0];
    const Ranks& early = table.early[0];
    const int from = early.begin[static_cast<std::size_t>(candidate > 0 ? candidates[candidate - 1] : 0)];
    const int to = early.begin[static_cast<std::size_t>(candidates[candidate])];
    for (int place = from; place < to; ++place) {
        const auto n = static_cast<std::size_t>(early.order[static_cast<std::size_t>(place)]);
        const std::size_t cell = grid_.cell_of(n) % after_[0];
        for (std::size_t exit = 0; exit < after_.size(); ++exit) {
            const std::size_t passed = cell / after_[exit] * after_[exit];
            sums_[0][passed * lanes_ + static_cast<std::size_t>(classes_.of[n])] += table.change(n, exit, exit + 1);
        }
    }
}

}  // namespace nachos::policy
