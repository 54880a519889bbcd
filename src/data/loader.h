#pragma once

#include "core/options.h"
#include "data/dataset.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace nachos::data {

/// Configuration group [augment]: what training images go through.
struct AugmentOptions {
    int pad_crop = 2;  ///< pad this many pixels of the mean colour, crop back at a random place; [0, 32]
    bool flip = true;  ///< mirror left-right with probability 1/2
    int cutout =
        0;  ///< side of a square set to the mean colour; 0 = none; [0, 64] (DeVries and Taylor 2017, arXiv 1708.04552)

    void describe(core::OptionVisitor& v);
};

struct LoaderOptions {
    int batch_size = 128;
    bool shuffle = true;
    bool drop_last = true;  ///< leave out a last batch that is not full, unless it is the only one
    AugmentOptions augment = {.pad_crop = 0, .flip = false, .cutout = 0};
    int threads = 1;  ///< prefetching threads; the batches do not depend on it
    std::uint64_t seed = 0;
};

struct Batch {
    int size = 0;
    std::vector<std::uint8_t> pixels;  ///< (B, H, W, C)
    std::vector<std::int64_t> labels;  ///< (B)
    std::vector<std::int32_t> rows;    ///< (B) which examples
};

/// Hands out batches, prepared ahead by threads of its own. Order and augmentation depend on the seed and the epoch alone.
class Loader {
  public:
    /// `examples` must outlive the loader. Throws Error for options out of range or no images.
    Loader(const Examples& examples, const LoaderOptions& options);
    ~Loader();
    Loader(const Loader&) = delete;
    Loader& operator=(const Loader&) = delete;

    int batches_per_epoch() const;
    /// Starts (or restarts) at the first batch of this epoch.
    void start_epoch(int epoch);
    /// The next batch of the epoch; false at its end. Throws what went wrong while it was made.
    bool next(Batch& batch);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace nachos::data
