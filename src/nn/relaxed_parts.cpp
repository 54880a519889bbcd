#include "nn/relaxed_parts.h"

#include <fmt/format.h>

#include <cassert>
#include <cmath>

namespace nachos::nn {
namespace {

using Kind = arch::GeneRef::Kind;
using Values = std::span<const int>;

int first_of(Values values) { return values[0]; }

class Builder {
  public:
    Builder(const arch::SearchSpace& space, const WeightBank& bank) : space_(space), bank_(bank) {}

    GeneTable stem_width() const { return channels_of({gene(Kind::stem_width)}, "stem", first_of); }

    RelaxedStage stage(int s) const {
        const arch::StageSpace& data = space_.data().stages[static_cast<std::size_t>(s)];
        RelaxedStage stage{.blocks = {},
                           .width = leading_channels(space_, {gene(Kind::width, s)}, data.widths.back(), first_of),
                           .channels = data.widths.back(),
                           .activation = data.activation,
                           .squeeze_excitation = data.squeeze_excitation};
        for (int b = 0; b < data.depths.back(); ++b) stage.blocks.push_back(block(s, b));
        return stage;
    }

    RelaxedExit exit(int s) const {
        RelaxedExit exit{.placed = gene(Kind::exit_placed, s),
                         .convs = gene(Kind::exit_convs, s),
                         .pool = gene(Kind::exit_pool, s),
                         .width = {}};
        const std::string conv = fmt::format("exit{}.conv1.pointwise", s + 1);
        if (bank_.layers().contains(conv)) exit.width = channels_of({gene(Kind::exit_width, s)}, conv, first_of);
        return exit;
    }

    int gene(Kind kind, int stage = 0, int block = 0) const { return space_.gene_index({kind, stage, block}); }

  private:
    /// A mask over the output channels that the bank has for this layer.
    GeneTable channels_of(std::vector<int> genes, const std::string& layer, const std::function<int(Values)>& size) const {
        const auto it = bank_.layers().find(layer);
        assert(it != bank_.layers().end());
        return leading_channels(space_, std::move(genes), static_cast<int>(it->second.weight.size(0)), size);
    }

    GeneTable kernel_taps(int gene, int largest) const {
        return {space_, {gene}, [largest](Values values) {
                    std::vector<float> taps;
                    const int margin = (largest - values[0]) / 2;
                    const auto inside = [&](int i) { return i >= margin && i < largest - margin; };
                    for (int i = 0; i < largest * largest; ++i)
                        taps.push_back(inside(i / largest) && inside(i % largest) ? 1.0F : 0.0F);
                    return taps;
                }};
    }

    RelaxedBlock block(int s, int b) const {
        const arch::StageSpace& data = space_.data().stages[static_cast<std::size_t>(s)];
        const int own = gene(Kind::width, s);
        const int before = b > 0 ? own : s > 0 ? gene(Kind::width, s - 1) : gene(Kind::stem_width);
        RelaxedBlock block{.name = fmt::format("stage{}.block{}", s + 1, b + 1),
                           .stride = b == 0 ? data.stride : 1,
                           .kernel = kernel_taps(gene(Kind::kernel, s, b), data.kernels.back()),
                           .expanded = {},
                           .hidden = {},
                           .narrow = {},
                           .present = gene_factor(space_, {gene(Kind::depth, s)}, [b](Values v) { return v[0] > b; }),
                           .same = gene_factor(space_, {before, own}, [](Values v) { return v[0] == v[1]; })};
        if (space_.data().block == arch::BlockKind::basic_residual) return block;
        const std::vector<int> genes{before, gene(Kind::expand, s, b)};
        const auto expanded = [](Values v) { return arch::round8(std::round(static_cast<double>(v[0]) * v[1])); };
        block.expanded = channels_of(genes, block.name + ".depthwise", expanded);
        block.narrow = gene_factor(space_, genes, [=](Values v) { return expanded(v) == v[0]; });
        if (data.squeeze_excitation)
            block.hidden = channels_of(genes, block.name + ".se_reduce",
                                       [=](Values v) { return arch::round8(std::floor(expanded(v) / 4.0)); });
        return block;
    }

    const arch::SearchSpace& space_;
    const WeightBank& bank_;
};

}  // namespace

RelaxedParts::RelaxedParts(const arch::SearchSpace& space, const WeightBank& bank) {
    const Builder builder(space, bank);
    stem_stride = builder.gene(Kind::stem_stride);
    stem_width = builder.stem_width();
    for (int s = 0; s < space.stages(); ++s) stages.push_back(builder.stage(s));
    for (int s = 0; s < space.sites(); ++s) exits.push_back(builder.exit(s));
}

}  // namespace nachos::nn
