#include "core/rank_stats.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <numeric>

namespace nachos::core {
namespace {

using Pair = std::pair<double, double>;

std::vector<Pair> sorted_pairs(std::span<const double> a, std::span<const double> b) {
    std::vector<Pair> pairs;
    for (std::size_t i = 0; i < a.size(); ++i) pairs.emplace_back(a[i], b[i]);
    std::sort(pairs.begin(), pairs.end());
    return pairs;
}

/// Pairs of neighbours in a sorted list that are equal in `key`.
template <class T, class Key>
double tied_pairs(const std::vector<T>& sorted, Key key) {
    double tied = 0;
    for (std::size_t begin = 0, i = 1; i <= sorted.size(); ++i) {
        if (i < sorted.size() && key(sorted[i]) == key(sorted[begin])) continue;
        const auto run = static_cast<double>(i - begin);
        tied += run * (run - 1) / 2;
        begin = i;
    }
    return tied;
}

/// Sorts, and returns how many pairs stood in falling order.
double inversions(std::vector<double>& values, std::vector<double>& space, std::size_t begin, std::size_t end) {
    if (end - begin < 2) return 0;
    const std::size_t middle = begin + (end - begin) / 2;
    double count = inversions(values, space, begin, middle) + inversions(values, space, middle, end);
    for (std::size_t left = begin, right = middle, to = begin; to < end; ++to) {
        const bool takes_right = left == middle || (right < end && values[right] < values[left]);
        if (takes_right) count += static_cast<double>(middle - left);
        space[to] = values[takes_right ? right++ : left++];
    }
    std::copy(space.begin() + static_cast<std::ptrdiff_t>(begin), space.begin() + static_cast<std::ptrdiff_t>(end),
              values.begin() + static_cast<std::ptrdiff_t>(begin));
    return count;
}

}  // namespace

std::vector<double> average_ranks(std::span<const double> values) {
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
    std::vector<double> ranks(values.size());
    for (std::size_t begin = 0, i = 1; i <= order.size(); ++i) {
        if (i < order.size() && values[order[i]] == values[order[begin]]) continue;
        const double shared = 0.5 * static_cast<double>(begin + 1 + i);
        for (; begin < i; ++begin) ranks[order[begin]] = shared;
    }
    return ranks;
}

double kendall_tau(std::span<const double> a, std::span<const double> b) {
    assert(a.size() == b.size());
    const std::vector<Pair> pairs = sorted_pairs(a, b);
    std::vector<double> seconds;
    for (const Pair& p : pairs) seconds.push_back(p.second);
    std::vector<double> space(seconds.size());
    const double discordant = inversions(seconds, space, 0, seconds.size());  // sorts them
    const auto n = static_cast<double>(a.size());
    const double all = n * (n - 1) / 2;
    const double tied_first = tied_pairs(pairs, [](const Pair& p) { return p.first; });
    const double tied_second = tied_pairs(seconds, [](double v) { return v; });
    const double tied_both = tied_pairs(pairs, [](const Pair& p) { return p; });
    const double scale = std::sqrt((all - tied_first) * (all - tied_second));
    const double concordant = all - tied_first - tied_second + tied_both - discordant;
    return scale > 0 ? (concordant - discordant) / scale : 0;
}

double spearman_rho(std::span<const double> a, std::span<const double> b) {
    assert(a.size() == b.size());
    const std::vector<double> ra = average_ranks(a);
    const std::vector<double> rb = average_ranks(b);
    const double centre = 0.5 * static_cast<double>(a.size() + 1);
    double ab = 0, aa = 0, bb = 0;
    for (std::size_t i = 0; i < ra.size(); ++i) {
        ab += (ra[i] - centre) * (rb[i] - centre);
        aa += (ra[i] - centre) * (ra[i] - centre);
        bb += (rb[i] - centre) * (rb[i] - centre);
    }
    return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

double root_mean_square_error(std::span<const double> a, std::span<const double> b) {
    assert(a.size() == b.size());
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return a.empty() ? 0 : std::sqrt(sum / static_cast<double>(a.size()));
}

}  // namespace nachos::core
