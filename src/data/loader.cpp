#include "data/loader.h"

#include "core/error.h"
#include "data/augment.h"
#include "data/prefetch.h"

#include <algorithm>
#include <numeric>
#include <optional>

namespace nachos::data {

struct Loader::State {
    const Examples& examples;
    LoaderOptions options;
    Augmenter augmenter;
    std::vector<std::int32_t> order;
    std::optional<Prefetcher<Batch>> batches;  ///< last: its threads use the rest

    Batch make(int index, int epoch) const;
};

/// Depends on the order and the epoch alone: each image has a random stream of its own.
Batch Loader::State::make(int index, int epoch) const {
    const std::size_t begin = static_cast<std::size_t>(index) * options.batch_size;
    const std::size_t end = std::min(begin + options.batch_size, order.size());
    const core::Rng streams = core::Rng(options.seed).stream("augment", epoch);
    Batch batch;
    batch.size = static_cast<int>(end - begin);
    batch.pixels.resize(batch.size * examples.image_bytes());
    batch.rows.assign(order.begin() + static_cast<std::ptrdiff_t>(begin), order.begin() + static_cast<std::ptrdiff_t>(end));
    for (std::size_t i = 0; i < batch.rows.size(); ++i) {
        const std::int32_t row = batch.rows[i];
        batch.labels.push_back(examples.labels[row]);
        core::Rng rng = streams.stream("row", row);
        augmenter.apply(row, rng, batch.pixels.data() + i * examples.image_bytes());
    }
    return batch;
}

Loader::Loader(const Examples& examples, const LoaderOptions& options) {
    require(examples.size() > 0, ErrorKind::bad_data, "there are no images to load, at least 1 is needed");
    require(options.batch_size >= 1, ErrorKind::usage, "batch_size is {}, at least 1 is needed", options.batch_size);
    require(options.threads >= 1, ErrorKind::usage, "threads is {}, at least 1 is needed", options.threads);
    state_.reset(new State{examples, options, Augmenter(examples, options.augment), {}, std::nullopt});
}

Loader::~Loader() = default;

int Loader::batches_per_epoch() const {
    const auto size = static_cast<int>(state_->examples.size());
    const int full = size / state_->options.batch_size;
    return full == 0 || (!state_->options.drop_last && size % state_->options.batch_size) ? full + 1 : full;
}

void Loader::start_epoch(int epoch) {
    State& s = *state_;
    s.batches.reset();
    s.order.resize(s.examples.size());
    std::iota(s.order.begin(), s.order.end(), 0);
    if (s.options.shuffle) core::Rng(s.options.seed).stream("shuffle", epoch).shuffle(std::span<std::int32_t>(s.order));
    const int threads = s.options.threads;
    s.batches.emplace(Prefetcher<Batch>::Options{.count = batches_per_epoch(), .threads = threads, .ahead = threads + 1},
                      [&s, epoch](int index) { return s.make(index, epoch); });
}

bool Loader::next(Batch& batch) {
    if (!state_->batches) return false;
    auto made = state_->batches->next();
    if (made) batch = std::move(*made);
    return made.has_value();
}

}  // namespace nachos::data
