#pragma once

#include "arch/arch_spec.h"
#include "arch/net_builder.h"
#include "arch/net_desc.h"
#include "core/options.h"
#include "core/rng.h"

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace nachos::arch {

/// Configuration of the space, group [space].
struct SpaceOptions {
    std::string name = "mbv3-small";      ///< a row of spaces()
    double width_multiplier = 1.0;        ///< scales every stage width of mbv3-small and resnet8, then rounded to 8; (0, 8]
    std::vector<int> stem_stride;         ///< allowed strides of the stem; empty = the space's own
    std::vector<int> stem_width;          ///< allowed channels of the stem; empty = the space's own
    std::vector<std::vector<int>> depth;  ///< allowed depths per stage; empty = the space's own
    std::vector<std::vector<int>> width;  ///< allowed widths per stage; empty = the space's own
    std::vector<int> kernel;              ///< allowed kernels; empty = the space's own
    std::vector<int> expand;              ///< allowed expansions; empty = the space's own
    std::vector<int> exit_convs;          ///< allowed convolutions in an exit, 0 to 2; empty = the space's own
    std::vector<int> exit_width;          ///< allowed channels of those; empty = the space's own
    std::vector<int> exit_pool;           ///< allowed poolings in front of them; empty = the space's own

    void describe(core::OptionVisitor& v);
};

/// What the data fixes.
struct TaskShape {
    int resolution = 32;
    int channels = 3;
    int classes = 10;
};

/// One decision: its value is one of `choices` (values, ascending), a genome holds the index.
struct Gene {
    std::string name;
    std::vector<int> choices;
};

/// What a gene means: which field of the architecture it sets. Stages (also those before sites) and blocks count from 0.
struct GeneRef {
    enum class Kind {
        stem_stride,
        stem_width,
        depth,
        width,
        kernel,
        expand,
        exit_placed,
        exit_convs,
        exit_width,
        exit_pool
    };
    Kind kind = Kind::depth;
    int stage = 0;
    int block = 0;

    bool operator==(const GeneRef&) const = default;
};

/// One index per gene.
using Genome = std::vector<int>;

enum class BlockKind { inverted_bottleneck, basic_residual };
enum class ExitStyle { published, separable };

struct StageSpace {
    int stride = 1;  ///< of the first block
    Activation activation = Activation::relu;
    bool squeeze_excitation = false;
    std::vector<int> depths;
    std::vector<int> widths;
    std::vector<int> kernels;
    std::vector<int> expands;
};

/// Appends one block to the network and returns the tensor it writes: `block.width` channels, the map smaller by
/// `block.stride`. Layer names must begin with `block.name`.
using BlockBuilder = std::function<int(NetBuilder& net, const BlockSpec& block, const StageSpace& stage, int x)>;

/// A search space as data (method 9). Adding one: a file that fills this struct, and a row in spaces(). A program that uses
/// nachos as a library needs no row: it hands its own to SearchSpace.
struct SpaceData {
    std::string name;
    BlockKind block = BlockKind::inverted_bottleneck;
    BlockBuilder build_block = {};  ///< in place of `block`; the differentiable engine knows only those of `block`
    std::vector<int> stem_widths = {16};
    std::vector<int> stem_strides;
    Activation stem_activation = Activation::hard_swish;
    bool first_block = false;  ///< depthwise 3x3 and 1x1 back to stem_width, with ReLU, behind the stem
    std::vector<StageSpace> stages;
    ExitStyle exit_style = ExitStyle::separable;
    std::vector<int> exit_convs;  ///< allowed ExitSpec::convs; not used by the published style
    std::vector<int> exit_widths;
    std::vector<int> exit_pools;
    int final_expand = 0;   ///< channels of the 1x1 convolution before the last pooling; 0 = none
    int final_feature = 0;  ///< channels of the 1x1 feature mix after it; 0 = none
};

/// Genes, their meaning, and the way from a genome to a network.
class SearchSpace {
  public:
    /// Throws Error(usage) if a list of choices is empty or not ascending, naming it.
    SearchSpace(SpaceData data, TaskShape task);

    const std::string& name() const { return data_.name; }
    const SpaceData& data() const { return data_; }
    const TaskShape& task() const { return task_; }
    const std::vector<Gene>& genes() const { return genes_; }
    /// Which gene that is; -1 where the space has none (exit designs of the published style).
    int gene_index(const GeneRef& ref) const;
    int stages() const { return static_cast<int>(data_.stages.size()); }
    int sites() const { return stages() - 1; }

    /// Any genome decodes: genes of absent blocks and absent exits are read by nobody.
    ArchSpec decode(const Genome& genome) const;
    /// The canonical genome. Throws Error(bad_data) if the spec is not of this space: which key, what it has, what is
    /// allowed.
    Genome encode(const ArchSpec& spec) const;
    /// Indices clamped, genes that nobody reads set to 0: equal architectures get equal genomes.
    Genome repair(Genome genome) const;
    /// Each gene uniform, except that half of all sites are empty.
    Genome sample(core::Rng& rng) const;

    ArchSpec smallest() const;  ///< every gene at its least, no exit
    ArchSpec largest() const;   ///< every gene at its most, no exit
    /// The exit design with the most weights, at every site; behind the widest pooling, which changes no weight and costs
    /// least.
    ArchSpec with_all_exits(ArchSpec spec) const;

    /// The network's structure, weights empty. Layer names are those of the supernet.
    NetDesc build(const ArchSpec& spec) const;

    /// The poolings that a published exit may have: 1, 2 or 4, never larger than the map. Which one an architecture gets is
    /// not a gene: `build` decides by costs, site by site.
    std::vector<int> published_poolings(int site) const;
    /// The published exit of a site (from 1) behind that pooling, alone on its map. Only of spaces of the published style.
    NetDesc published_exit(int site, int pooling) const;

    /// One layer per name that any architecture of the space gives weights to, in name order, with `in`, `out`, `kernel` and
    /// `groups` so large that weight_shape() holds every architecture's: the shapes of the supernet's weights.
    std::vector<Layer> weight_layers() const;

  private:
    /// Whether the gene makes a difference to this architecture.
    bool read(const GeneRef& ref, const ArchSpec& spec) const;

    SpaceData data_;
    TaskShape task_;
    std::vector<Gene> genes_;
    std::vector<GeneRef> refs_;  ///< parallel to genes_
};

/// The table of spaces: everything nachos can search, on one screen.
struct SpaceRow {
    const char* name;
    const char* summary;
    SpaceData (*make)();
};
std::span<const SpaceRow> spaces();

/// Builds a space from its options. Throws Error(usage) with the nearest known name, or the key whose value does not fit.
SearchSpace make_space(const SpaceOptions& options, const TaskShape& task);

/// The space an ArchSpec names, with its task taken from the spec and every width that fits accepted; for `profile`.
SearchSpace space_of(const ArchSpec& spec);

/// Method 9: r8(v) = max(8, floor((v + 4) / 8) * 8), plus 8 if that is below 0.9 v.
int round8(double v);

}  // namespace nachos::arch
