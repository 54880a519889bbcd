#include "runtime/run_stats.h"

#include <boost/math/distributions/chi_squared.hpp>

#include <cassert>
#include <numeric>

namespace nachos::runtime {
namespace {

constexpr double kLeastExpected = 5;

}  // namespace

void RunStats::add(const Inference& inference) {
    const auto exit = static_cast<std::size_t>(inference.exit);
    ++left_[exit];
    confidence_[exit] += inference.confidence;
    macs_ += inference.macs;
}

std::int64_t RunStats::samples() const { return std::accumulate(left_.begin(), left_.end(), std::int64_t{0}); }

double RunStats::share(int exit) const {
    return samples() == 0 ? 0 : static_cast<double>(left(exit)) / static_cast<double>(samples());
}

double RunStats::mean_confidence(int exit) const {
    return left(exit) == 0 ? 0 : confidence_[static_cast<std::size_t>(exit)] / static_cast<double>(left(exit));
}

double RunStats::avg_macs() const {
    return samples() == 0 ? 0 : static_cast<double>(macs_) / static_cast<double>(samples());
}

double RunStats::p_value(std::span<const double> expected) const {
    assert(expected.size() == left_.size());
    const auto n = static_cast<double>(samples());
    double statistic = 0, few_expected = 0, few_left = 0;
    int cells = 0;
    const auto cell = [&](double left, double wanted) {
        statistic += (left - wanted) * (left - wanted) / wanted;
        ++cells;
    };
    for (std::size_t e = 0; e < left_.size(); ++e) {
        const double wanted = n * expected[e], left = static_cast<double>(left_[e]);
        if (wanted >= kLeastExpected) {
            cell(left, wanted);
        } else {
            few_expected += wanted;
            few_left += left;
        }
    }
    if (few_expected > 0) cell(few_left, few_expected);
    if (few_expected == 0 && few_left > 0) return 0;  // where nobody should
    if (cells < 2) return 1;
    return boost::math::cdf(boost::math::complement(boost::math::chi_squared(cells - 1), statistic));
}

}  // namespace nachos::runtime
