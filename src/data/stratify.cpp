#include "data/stratify.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

namespace nachos::data {

std::vector<std::vector<int>> deal(const std::vector<std::int32_t>& labels, int classes, const PileSizes& sizes,
                                   const core::Rng& rng) {
    std::vector<std::vector<int>> by_class(classes);
    for (std::size_t i = 0; i < labels.size(); ++i) by_class[labels[i]].push_back(static_cast<int>(i));
    std::vector<std::vector<int>> piles;
    for (int c = 0; c < classes; ++c) {
        auto& rows = by_class[c];
        core::Rng own = rng.stream("class", c);
        own.shuffle(std::span<int>(rows));
        const auto wanted = sizes(c, rows.size());
        piles.resize(wanted.size() + 1);
        auto from = rows.begin();
        for (std::size_t p = 0; p < piles.size(); ++p) {
            assert(p == wanted.size() || static_cast<std::ptrdiff_t>(wanted[p]) <= rows.end() - from);
            const auto to = p < wanted.size() ? from + static_cast<std::ptrdiff_t>(wanted[p]) : rows.end();
            piles[p].insert(piles[p].end(), from, to);
            from = to;
        }
    }
    for (auto& pile : piles) std::sort(pile.begin(), pile.end());
    return piles;
}

std::size_t share_of(std::size_t rows, double fraction) {
    return std::max<std::size_t>(1, static_cast<std::size_t>(std::llround(static_cast<double>(rows) * fraction)));
}

std::vector<std::size_t> apportion(const std::vector<std::size_t>& counts, std::size_t total) {
    const std::size_t sum = std::accumulate(counts.begin(), counts.end(), std::size_t{0});
    assert(total >= counts.size() && total <= sum);
    std::vector<std::size_t> shares;
    for (std::size_t n : counts) shares.push_back(std::max<std::size_t>(1, total * n / sum));
    // What one more (or one fewer) image would leave of a class's claim, in units of 1 / sum.
    const auto claim = [&](std::size_t c) {
        return static_cast<std::int64_t>(total * counts[c]) - static_cast<std::int64_t>(shares[c] * sum);
    };
    std::vector<std::size_t> order(counts.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto less = [&](std::size_t a, std::size_t b) { return claim(a) < claim(b); };
    std::size_t given = std::accumulate(shares.begin(), shares.end(), std::size_t{0});
    for (; given < total; ++given) ++shares[*std::max_element(order.begin(), order.end(), less)];
    for (; given > total; --given) {
        // The minimum of 1 gave too much: take from the class furthest above its claim that can spare one.
        const auto spare = [&](std::size_t a, std::size_t b) {
            return std::pair(shares[a] == 1, claim(a)) < std::pair(shares[b] == 1, claim(b));
        };
        --shares[*std::min_element(order.begin(), order.end(), spare)];
    }
    return shares;
}

std::vector<std::size_t> count_labels(const std::vector<std::int32_t>& labels, int classes) {
    std::vector<std::size_t> counts(classes, 0);
    for (std::int32_t label : labels) ++counts[label];
    return counts;
}

}  // namespace nachos::data
