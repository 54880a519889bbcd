#include "cost/cost_tables.h"

#include "core/rng.h"
#include "cost/cost.h"

#include <gtest/gtest.h>

namespace nachos::cost {
namespace {

using arch::SearchSpace;

arch::SpaceOptions options_of(const char* space) {
    arch::SpaceOptions options;
    options.name = space;
    return options;
}

/// Executed MACs of the network itself, one entry a stage: what has no exit there takes the backbone's, heads before it
/// included.
std::vector<std::int64_t> counted(const SearchSpace& space, const arch::ArchSpec& spec) {
    const arch::NetDesc net = space.build(spec);
    const Costs costs = costs_of(net);
    std::vector<std::int64_t> executed;
    for (std::size_t i = 0; i < net.exits.size(); ++i) {
        executed.resize(static_cast<std::size_t>(net.exits[i].site), -1);  // -1: no exit there, nothing to compare
        executed.back() = costs.executed_macs[i];
    }
    return executed;
}

void expect_exact(const SearchSpace& space, const CostTables& tables, const arch::Genome& genome) {
    const arch::ArchSpec spec = space.decode(genome);
    std::vector<int> choice = genome;
    for (const int derived : derived_choices(space, spec)) choice.push_back(derived);
    const auto tabled = tables.executed_macs(choice), net = counted(space, spec);
    ASSERT_EQ(tabled.size(), net.size());
    for (std::size_t s = 0; s < net.size(); ++s) {
        if (net[s] < 0) continue;
        ASSERT_EQ(tabled[s], net[s]) << "stage " << s + 1 << " of " << to_json(spec);
    }
}

/// Every genome of the space; returns how many there are.
int expect_exact_everywhere(const SearchSpace& space) {
    const CostTables tables = cost_tables(space);
    arch::Genome genome(space.genes().size(), 0);
    for (int count = 1;; ++count) {
        expect_exact(space, tables, genome);
        if (testing::Test::HasFatalFailure()) return count;
        std::size_t g = 0;
        while (g < genome.size() && ++genome[g] == static_cast<int>(space.genes()[g].choices.size())) genome[g++] = 0;
        if (g == genome.size()) return count;
    }
}

TEST(CostTables, ExactOnEveryCornerOfASmallSpace) {
    arch::SpaceOptions options = options_of("mbv3-small");
    options.stem_width = {8, 16};
    options.depth = {{1}, {1, 2}, {1}, {1}};
    options.width = {{8, 16}, {16, 24}, {24}, {24}};  // stages 1 and 4 keep the map: residual where widths are equal
    options.kernel = {3};
    options.expand = {1, 3};  // with 1 the expanding convolution falls away
    options.exit_convs = {0, 1};
    options.exit_width = {32};
    options.exit_pool = {2};
    const int corners = expect_exact_everywhere(arch::make_space(options, {16, 1, 10}));
    EXPECT_EQ(corners, 2 * 2 * 2 * 2 * 2 * 2 * 2 * 2 * 2 * 2 * 4 * 4 * 4);
}

TEST(CostTables, ExactOnEveryCornerOfASmallResnet) {
    arch::SpaceOptions options = options_of("resnet8");
    options.exit_convs = {0, 1};
    options.exit_width = {32};
    options.exit_pool = {2};
    EXPECT_EQ(expect_exact_everywhere(arch::make_space(options, {16, 3, 10})), 2 * 2 * 2 * 3 * 4 * 4 * 4 * 4);
}

TEST(CostTables, ExactAtRandomNetworksOfEverySpace) {
    for (const arch::SpaceRow& row : arch::spaces()) {
        const SearchSpace space = arch::make_space(options_of(row.name), {});
        const CostTables tables = cost_tables(space);
        core::Rng rng(7);
        for (int i = 0; i < 100; ++i) expect_exact(space, tables, space.sample(rng));
    }
}

}  // namespace
}  // namespace nachos::cost
