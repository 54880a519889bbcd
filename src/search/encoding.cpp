#include "search/encoding.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace nachos::search {
namespace {

double log_of(std::int64_t count) { return std::log(static_cast<double>(std::max<std::int64_t>(count, 1))); }

/// Values of the blocks of one stage, those that are absent as 0, then their sum.
void add_stage(const std::vector<int>& values, std::size_t& next, int present, int deepest, std::vector<double>& row) {
    double sum = 0;
    for (int block = 0; block < deepest; ++block) {
        const double value = block < present && next < values.size() ? values[next++] : 0;
        row.push_back(value);
        sum += value;
    }
    row.push_back(sum);
}

/// What a sample has paid behind site `site`: the backbone so far and the heads of exits placed on its way.
std::int64_t paid(const arch::ArchSpec& spec, const study::ArchCosts& own, const study::ArchCosts& all_sites,
                  std::size_t site) {
    std::int64_t heads = 0;
    for (std::size_t s = 0, exit = 0; s <= site; ++s)
        if (spec.exits[s].placed) heads += own.head_macs[exit++];
    return all_sites.backbone_macs[site] + heads;
}

}  // namespace

Encoding::Encoding(const arch::SearchSpace& space, Costs costs, EncodingOptions options)
    : space_(space), costs_(std::move(costs)), options_(options) {}

std::vector<double> Encoding::operator()(const arch::ArchSpec& spec) const {
    std::vector<double> row;
    add_genes(spec, row);
    if (options_.one_hot) add_one_hot(spec, row);
    if (options_.costs) add_costs(spec, row);
    return row;
}

void Encoding::add_genes(const arch::ArchSpec& spec, std::vector<double>& row) const {
    row.push_back(spec.stem_stride);
    row.push_back(spec.stem_width);
    std::size_t kernel = 0, expand = 0;
    for (std::size_t s = 0; s < spec.depth.size(); ++s) {
        const int deepest = space_.data().stages[s].depths.back();
        row.push_back(spec.depth[s]);
        row.push_back(s < spec.width.size() ? spec.width[s] : 0);
        add_stage(spec.kernel, kernel, spec.depth[s], deepest, row);
        add_stage(spec.expand, expand, spec.depth[s], deepest, row);
    }
    for (const arch::ExitSpec& exit : spec.exits) {
        row.push_back(exit.placed ? 1 : 0);
        row.push_back(exit.convs);
        row.push_back(exit.width);
        row.push_back(exit.placed ? exit.pool : 0);
    }
    row.push_back(spec.placed_exits());
    row.push_back(std::accumulate(spec.depth.begin(), spec.depth.end(), 0));
}

void Encoding::add_one_hot(const arch::ArchSpec& spec, std::vector<double>& row) const {
    const arch::Genome genome = space_.encode(spec);
    for (std::size_t g = 0; g < genome.size(); ++g)
        for (std::size_t v = 0; v < space_.genes()[g].choices.size(); ++v)
            row.push_back(genome[g] == static_cast<int>(v) ? 1 : 0);
}

void Encoding::add_costs(const arch::ArchSpec& spec, std::vector<double>& row) const {
    const study::ArchCosts own = costs_(spec);
    const study::ArchCosts all_sites = costs_(space_.with_all_exits(spec));
    for (std::size_t site = 0; site < spec.exits.size(); ++site) {
        row.push_back(log_of(all_sites.backbone_macs[site]));
        row.push_back(log_of(paid(spec, own, all_sites, site)));
    }
    row.push_back(log_of(own.backbone_macs.back()));
    row.push_back(log_of(own.executed_macs.front()));
    row.push_back(log_of(own.executed_macs.back()));
    row.push_back(log_of(own.params));
    row.push_back(log_of(own.peak_activation_bytes));
}

}  // namespace nachos::search
