#pragma once

#include "policy/threshold_grid.h"

#include <cstdint>
#include <span>
#include <vector>

namespace nachos::policy {

/// The samples by class.
struct ClassIndex {
    std::vector<int> of;                    ///< (N) which class, counted from 0 by label
    std::vector<std::vector<int>> samples;  ///< of each class present
};
ClassIndex class_index(const ExitView& view);

/// Right samples of a class under any thresholds: a pass over the class, without a branch.
class ClassRights {
  public:
    ClassRights(const RankedTable& table, const ClassIndex& classes);

    int right(std::size_t of_class, std::span<const int> ranks);
    std::vector<int> all(std::span<const int> ranks);

  private:
    std::vector<std::size_t> begin_;       ///< where each class begins, and N
    std::vector<std::vector<int>> ranks_;  ///< (E - 1, N) of the samples, class by class
    std::vector<std::vector<int>> right_;  ///< (E, N) 0 or 1, in the same order
    std::vector<int> now_;                 ///< work space
};

/// Right samples of each class along a product grid, whose vectors are asked for in its order; those left out are nearly
/// free. Where axis i stands at candidate k_i, `sums_[i]` is a histogram over the axes after it of all samples that pass
/// exits 1 to i + 1 there: a step along an axis adds one slice to the next histogram. Classes lie innermost, so that all of
/// them are added at once. O(grid * classes) if all vectors are asked for; 4 bytes a class and cell of the grid without its
/// first axis.
class GridClassRights {
  public:
    GridClassRights(const Grid& grid, const ClassIndex& classes);

    /// Goes to the row that begins at cell `first`, not before the one it is at.
    void go_to_row(std::size_t first);
    /// Right samples of each class at the k-th vector of the row, k not falling.
    std::span<const std::int32_t> at(std::size_t k);

  private:
    void go_to(std::size_t axis, std::int64_t candidate);
    void step_first_axis(std::size_t candidate);
    void restart(std::size_t axis);

    const Grid& grid_;
    const ClassIndex& classes_;
    std::size_t lanes_;                            ///< classes, rounded up
    std::vector<std::size_t> after_;               ///< cells of the axes after each
    std::vector<std::int64_t> stands_;             ///< candidate of each axis, -1 = before the first
    std::vector<std::vector<std::int32_t>> sums_;  ///< after each axis: (cells after it, lanes)
};

}  // namespace nachos::policy
