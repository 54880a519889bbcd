#pragma once

#include "core/rng.h"
#include "data/loader.h"

namespace nachos::data {

/// Pad and crop, then flip, then cutout, on bytes. Padding and cutout take the mean colour of `examples`, which is 0 once
/// normalised. Cutout's square is centred on any pixel and may hang over the edge, as in the paper.
class Augmenter {
  public:
    /// `examples` must outlive it. Throws Error(usage) for options out of range.
    Augmenter(const Examples& examples, const AugmentOptions& options);

    /// Writes image `row` to `out` (image_bytes() long). The draws depend on the options alone.
    void apply(std::size_t row, core::Rng& rng, std::uint8_t* out) const;

  private:
    void fill(std::uint8_t* begin, int pixels) const;
    void crop(const std::uint8_t* image, int shift_y, int shift_x, std::uint8_t* out) const;
    void mirror(std::uint8_t* image) const;
    void cut(int centre_y, int centre_x, std::uint8_t* image) const;

    const Examples& examples_;
    AugmentOptions options_;
    std::vector<std::uint8_t> mean_;  ///< per channel
};

}  // namespace nachos::data
