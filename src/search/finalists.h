#pragma once

#include "arch/search_space.h"
#include "search/archive.h"

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace nachos::search {

/// The architectures worth final training, as indices into the archive: the one with the most accurate admissible point,
/// then those that add most hypervolume to it. At most `top`, fewer where the front holds fewer.
std::vector<int> finalists(std::span<const study::Evaluation> archive, const study::Limits& limits,
                           const HypervolumeAxes& axes, int top);

/// The same architecture with the exit that a hand would make, one small convolution, at every site.
arch::ArchSpec with_hand_made_exits(arch::ArchSpec spec, const arch::SearchSpace& space);

/// A network that a design is compared with, trained with the same epochs and measured alike.
struct Comparator {
    std::string name;  ///< a row of comparator_rows()
    arch::ArchSpec arch;
    std::string measure;  ///< a row of policy::measures()
    bool gates = true;    ///< whether its gates are trained
    bool own = true;      ///< false: the design's own trained network, whose exits are taken otherwise
};

struct ComparatorRow {
    const char* name;
    const char* summary;
};
std::span<const ComparatorRow> comparator_rows();

/// Those of one design, which decides by `measure`: its backbone without exits; the most accurate architecture without exits
/// of the search whose whole cost meets the limits; exits made by hand as BranchyNet does (Teerapittayanon et al. 2016,
/// arXiv 1709.01686), one small convolution each, at those sites of its backbone that bring the worst-case cost nearest to
/// the design's and whose first exit is within the limits of the average cost (none where no sites are), taken by entropy;
/// and the trained design itself in the setting of EDANAS (Gambella and Roveri 2023), its exits taken by score margin. None
/// twice, and none that is the design itself.
std::vector<Comparator> comparators_of(const arch::ArchSpec& design, const std::string& measure,
                                       std::span<const study::Evaluation> archive, const study::Limits& limits,
                                       const arch::SearchSpace& space,
                                       const std::function<study::ArchCosts(const arch::ArchSpec&)>& costs);

}  // namespace nachos::search
