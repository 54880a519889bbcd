#include "policy/stick_breaking.h"

#include <cassert>
#include <cmath>

namespace nachos::policy {

double stick_breaking_cost(const RecordedTable& table, std::span<const double> offsets,
                           std::span<const std::int64_t> executed) {
    assert(static_cast<int>(executed.size()) == table.exits && offsets.size() + 1 == executed.size());
    double sum = 0;
    for (int n = 0; n < table.samples; ++n) {
        double stay = 1;
        for (int i = 0; i + 1 < table.exits; ++i) {
            const auto exit = static_cast<std::size_t>(i);
            const double leave = 1 / (1 + std::exp(-(static_cast<double>(table.gate_of(n, i)) + offsets[exit])));
            sum += stay * leave * static_cast<double>(executed[exit]);
            stay *= 1 - leave;
        }
        sum += stay * static_cast<double>(executed.back());
    }
    return sum / table.samples;
}

}  // namespace nachos::policy
