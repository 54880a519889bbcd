#include "search/halving.h"

#include "search/finalists.h"

namespace nachos::search {

std::vector<int> promoted(std::span<const study::Evaluation> archive, const study::Limits& limits,
                          const HypervolumeAxes& axes, int count) {
    std::vector<study::Evaluation> rest(archive.begin(), archive.end());
    std::vector<int> chosen;
    const auto take = [&](int i) {
        chosen.push_back(i);
        rest[static_cast<std::size_t>(i)].curve.clear();  // the next front is the best without it
    };
    while (static_cast<int>(chosen.size()) < count) {
        const std::vector<int> front = finalists(rest, limits, axes, count - static_cast<int>(chosen.size()));
        if (front.empty()) break;
        for (const int i : front) take(i);
    }
    for (const Design& design : nearest_designs(rest, limits, count - static_cast<int>(chosen.size())))
        take(design.evaluation);
    return chosen;
}

}  // namespace nachos::search
