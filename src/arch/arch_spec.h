#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nachos::arch {

/// The early-exit classifier at one site (method 1). Which fields mean something depends on the space: `ofa-mbv3` has only
/// "placed or not" (its design is the published, adaptive one), the other spaces search convolutions, width and pooling.
struct ExitSpec {
    bool placed = false;
    int convs = 0;  ///< depthwise-separable convolutions before the pooling; 0 = pool + linear
    int width = 0;  ///< their output channels; 0 when convs = 0
    int pool = 1;   ///< max pooling in front of them, window = stride; 1 = none

    bool operator==(const ExitSpec&) const = default;
};

/// A point of a search space as plain data: what ARCH.json holds.
struct ArchSpec {
    std::string space;
    int resolution = 32;  ///< input height = width, pixels
    int channels = 3;     ///< input channels, 1 or 3
    int classes = 10;
    int stem_stride = 0;  ///< 0 where the space has only one
    int stem_width = 0;   ///< channels of the first convolution; 0 likewise
    /// Lists; one that is left out (empty) takes the only value of a space that has one.
    std::vector<int> depth;       ///< blocks per stage
    std::vector<int> width;       ///< output channels per stage
    std::vector<int> kernel;      ///< per block present, stage after stage
    std::vector<int> expand;      ///< per block present
    std::vector<ExitSpec> exits;  ///< per site, one fewer than stages

    bool operator==(const ArchSpec&) const = default;

    int placed_exits() const;  ///< early exits placed, the final classifier not counted
};

/// ARCH.json as text, keys in a fixed order: equal specs give equal text.
std::string to_json(const ArchSpec& spec);

/// Reads ARCH.json. The space's own rules (allowed values) are checked by SearchSpace::encode, not here.
/// Throws Error(bad_data) naming `where`, the key, what was got and what is allowed.
ArchSpec spec_from_json(std::string_view text, const std::string& where);

/// Twelve hexadecimal digits that identify the architecture.
std::string arch_id(const ArchSpec& spec);

/// The same architecture without any early exit.
ArchSpec without_exits(ArchSpec spec);

}  // namespace nachos::arch
