#include "cost/space_parts.h"

#include <fmt/format.h>

#include <algorithm>

namespace nachos::cost {
namespace {

using Kind = arch::GeneRef::Kind;

class Parts {
  public:
    explicit Parts(const arch::SearchSpace& space) : space_(space) {}

    std::vector<SpacePart> all() {
        add({"stem", "first."}, {gene(Kind::stem_stride), gene(Kind::stem_width)}, 1, false);
        for (int s = 0; s < space_.stages(); ++s) add_blocks(s);
        if (space_.data().exit_style != arch::ExitStyle::published)
            for (int s = 0; s < space_.sites(); ++s) add_exit(s);
        const int last = space_.stages() - 1;
        add({"final."}, {gene(Kind::stem_stride), gene(Kind::width, last)}, last + 1, true);
        return std::move(parts_);
    }

  private:
    int gene(Kind kind, int stage = 0, int block = 0) const { return space_.gene_index({kind, stage, block}); }

    void add_blocks(int s) {
        const auto& stage = space_.data().stages[static_cast<std::size_t>(s)];
        for (int b = 0; b < stage.depths.back(); ++b) {
            std::vector<int> genes{gene(Kind::stem_stride), gene(Kind::width, s), gene(Kind::kernel, s, b),
                                   gene(Kind::expand, s, b)};
            if (b == 0) genes.push_back(s == 0 ? gene(Kind::stem_width) : gene(Kind::width, s - 1));
            if (b >= stage.depths.front()) genes.push_back(gene(Kind::depth, s));
            add({fmt::format("stage{}.block{}.", s + 1, b + 1)}, genes, s + 1, false);
        }
    }

    void add_exit(int s) {
        add({fmt::format("exit{}.", s + 1)},
            {gene(Kind::stem_stride), gene(Kind::width, s), gene(Kind::exit_placed, s), gene(Kind::exit_convs, s),
             gene(Kind::exit_width, s), gene(Kind::exit_pool, s)},
            s + 1, true);
    }

    /// Genes with one choice are left out.
    void add(std::vector<std::string> prefixes, const std::vector<int>& depends_on, int site, bool head) {
        SpacePart part{.prefixes = std::move(prefixes), .genes = {}, .site = site, .head = head};
        for (const int g : depends_on)
            if (space_.genes()[static_cast<std::size_t>(g)].choices.size() > 1) part.genes.push_back(g);
        parts_.push_back(std::move(part));
    }

    const arch::SearchSpace& space_;
    std::vector<SpacePart> parts_;
};

}  // namespace

bool SpacePart::owns(const arch::Layer& layer) const {
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [&](const std::string& prefix) { return layer.name.starts_with(prefix); });
}

std::vector<SpacePart> space_parts(const arch::SearchSpace& space) { return Parts(space).all(); }

}  // namespace nachos::cost
