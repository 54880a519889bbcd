#include "train/support_set.h"

#include "train/inherit.h"
#include "train/support_loss.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace nachos::train {
namespace {

constexpr int kBatch = 64;
constexpr int kStatisticsImages = 1024;  // batch norm is measured on, as for a candidate of the search

/// Rows of the support set, equally many of each class and at most half of any; and the others, ascending.
std::pair<std::vector<int>, std::vector<int>> draw(const data::Examples& examples, int classes, double fraction,
                                                   core::Rng rng) {
    std::vector<std::vector<int>> of_class(static_cast<std::size_t>(classes));
    for (std::size_t i = 0; i < examples.size(); ++i)
        of_class[static_cast<std::size_t>(examples.labels[i])].push_back(static_cast<int>(i));
    const auto wanted = static_cast<std::size_t>(std::lround(fraction * static_cast<double>(examples.size()) / classes));
    std::vector<int> support, rest;
    for (std::vector<int>& rows : of_class) {
        rng.shuffle(std::span<int>(rows));
        const std::size_t taken = std::min(std::max<std::size_t>(wanted, 1), rows.size() / 2);
        support.insert(support.end(), rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(taken));
        rest.insert(rest.end(), rows.begin() + static_cast<std::ptrdiff_t>(taken), rows.end());
    }
    std::sort(support.begin(), support.end());
    std::sort(rest.begin(), rest.end());
    return {support, rest};
}

}  // namespace

SupportSet::SupportSet(const arch::NetDesc& net, const nn::WeightBank& bank, int epochs, const TrainingInput& input)
    : net_(net), bank_(bank), input_(input), first_epoch_(std::numeric_limits<int>::max()) {
    if (input.loss.support_weight > 0 && net.exit_count() > 1)
        first_epoch_ = static_cast<int>(std::ceil(input.loss.support_from * epochs));
}

void SupportSet::begin_epoch(int epoch) {
    if (epoch < first_epoch_) return;
    const core::Rng rng = input_.rng.stream("support", static_cast<std::uint64_t>(epoch));
    const auto [support, rest] = draw(input_.examples, net_.classes, input_.loss.support_fraction, rng);
    rest_ = data::select(input_.examples, rest);
    const PreparedImages statistics =
        prepare_sample(rest_, kStatisticsImages, input_.normalisation, kBatch, input_.device, rng.stream("statistics"));
    const arch::NetDesc folded = nn::to_desc(net_, bank_, batch_statistics(net_, bank_, statistics.batches));
    const PreparedImages images =
        prepare(data::select(input_.examples, support), input_.normalisation, kBatch, input_.device);
    matrix_ = support_matrix(record(folded, images, input_.device));
}

}  // namespace nachos::train
