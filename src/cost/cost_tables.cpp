#include "cost/cost_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <string>

namespace nachos::cost {
namespace {

using Kind = arch::GeneRef::Kind;

/// Calls f(choice) for every joint choice of `genes`, the last running fastest; `choice` holds one index a gene of them.
template <class F>
void for_each_choice(const std::vector<int>& sizes, F&& f) {
    std::vector<int> choice(sizes.size(), 0);
    for (;;) {
        f(choice);
        std::size_t g = sizes.size();
        while (g > 0 && ++choice[g - 1] == sizes[g - 1]) choice[--g] = 0;
        if (g == 0) return;
    }
}

std::int64_t macs_of(const arch::NetDesc& net, const std::vector<std::string>& prefixes) {
    std::int64_t macs = 0;
    for (const arch::Layer& layer : net.layers) {
        const auto ours = [&](const std::string& prefix) { return layer.name.starts_with(prefix); };
        if (std::any_of(prefixes.begin(), prefixes.end(), ours)) macs += layer.macs();
    }
    return macs;
}

class Builder {
  public:
    explicit Builder(const arch::SearchSpace& space) : space_(space) {
        tables_.stages = space.stages();
        for (const arch::Gene& gene : space.genes()) tables_.choices.push_back(static_cast<int>(gene.choices.size()));
    }

    CostTables build() {
        add({"stem", "first."}, {gene(Kind::stem_stride), gene(Kind::stem_width)}, 1, false);
        for (int s = 0; s < space_.stages(); ++s) add_blocks(s);
        for (int s = 0; s < space_.sites(); ++s) add_exit(s);
        const int last = space_.stages() - 1;
        add({"final."}, {gene(Kind::stem_stride), gene(Kind::width, last)}, last + 1, true);
        return std::move(tables_);
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
        if (space_.data().exit_style == arch::ExitStyle::published) return add_published_exit(s);
        add({fmt::format("exit{}.", s + 1)},
            {gene(Kind::stem_stride), gene(Kind::width, s), gene(Kind::exit_placed, s), gene(Kind::exit_convs, s),
             gene(Kind::exit_width, s), gene(Kind::exit_pool, s)},
            s + 1, true);
    }

    void add_published_exit(int s) {
        const std::vector<int> poolings = space_.published_poolings(s + 1);
        CostTerm term{.genes = {gene(Kind::exit_placed, s), static_cast<int>(tables_.choices.size())},
                      .macs = std::vector<std::int64_t>(poolings.size(), 0),  // not placed
                      .site = s + 1,
                      .head = true};
        for (const int pooling : poolings) term.macs.push_back(macs_of(space_.published_exit(s + 1, pooling), {""}));
        tables_.choices.push_back(static_cast<int>(poolings.size()));
        tables_.terms.push_back(std::move(term));
    }

    /// Genes with one choice are left out.
    void add(const std::vector<std::string>& prefixes, const std::vector<int>& depends_on, int site, bool head) {
        CostTerm term{.genes = {}, .macs = {}, .site = site, .head = head};
        std::vector<int> sizes;
        for (const int g : depends_on) {
            const int size = tables_.choices[static_cast<std::size_t>(g)];
            if (size == 1) continue;
            term.genes.push_back(g);
            sizes.push_back(size);
        }
        arch::Genome genome(space_.genes().size(), 0);
        for_each_choice(sizes, [&](const std::vector<int>& choice) {
            for (std::size_t i = 0; i < choice.size(); ++i) genome[static_cast<std::size_t>(term.genes[i])] = choice[i];
            term.macs.push_back(macs_of(space_.build(space_.decode(genome)), prefixes));
        });
        tables_.terms.push_back(std::move(term));
    }

    const arch::SearchSpace& space_;
    CostTables tables_;
};

}  // namespace

std::vector<std::int64_t> CostTables::executed_macs(const std::vector<int>& choice) const {
    assert(choice.size() == choices.size());
    std::vector<std::int64_t> backbone(static_cast<std::size_t>(stages), 0), executed(backbone);
    for (const CostTerm& term : terms) {
        std::size_t at = 0;
        for (const int g : term.genes) {
            const auto gene = static_cast<std::size_t>(g);
            at = at * static_cast<std::size_t>(choices[gene]) + static_cast<std::size_t>(choice[gene]);
        }
        (term.head ? executed : backbone)[static_cast<std::size_t>(term.site) - 1] += term.macs[at];
    }
    std::int64_t before = 0, heads = 0;
    for (std::size_t s = 0; s < backbone.size(); ++s) {
        before += backbone[s];
        heads += executed[s];
        executed[s] = before + heads;
    }
    return executed;
}

CostTables cost_tables(const arch::SearchSpace& space) { return Builder(space).build(); }

std::vector<int> derived_choices(const arch::SearchSpace& space, const arch::ArchSpec& spec) {
    std::vector<int> choices;
    if (space.data().exit_style != arch::ExitStyle::published) return choices;
    choices.assign(static_cast<std::size_t>(space.sites()), 0);
    for (const arch::Layer& layer : space.build(spec).layers) {
        if (layer.kind != arch::LayerKind::max_pool) continue;
        for (int site = 1; site <= space.sites(); ++site) {
            if (layer.name != fmt::format("exit{}.pool", site)) continue;
            const auto poolings = space.published_poolings(site);
            choices[static_cast<std::size_t>(site) - 1] =
                static_cast<int>(std::find(poolings.begin(), poolings.end(), layer.kernel) - poolings.begin());
        }
    }
    return choices;
}

}  // namespace nachos::cost
