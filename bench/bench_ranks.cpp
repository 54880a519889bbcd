#include "arch/spaces.h"
#include "data/dataset.h"
#include "exec/ranks/ranks.h"
#include "train/trainer.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

// Images a second of supernet training on one thread a rank, 64 images a step and rank. Started by bench/ranks, alone and
// as several ranks.

int main() {
    using namespace nachos;
    using Clock = std::chrono::steady_clock;
    constexpr int kBatch = 64, kWarmUp = 3, kSteps = 12;
    at::set_num_threads(1);
    const auto options = exec::ranks_from_environment();
    const auto ranks =
        options ? std::make_unique<exec::Ranks>(*options, [](const std::string&, nachos::ErrorKind) { std::_Exit(75); })
                : nullptr;
    const int size = ranks ? ranks->size() : 1;
    const data::DataOptions data{.path = "synthetic:" + std::to_string(5 * kBatch * size * (kWarmUp + kSteps) / 4),
                                 .resolution = 32};
    const data::Parts parts = data::split(data::load(data), data, 1);
    const data::Examples& examples = parts.train.examples();
    const data::Normalisation normalisation = data::normalisation_of(parts.train);
    const arch::SearchSpace space = arch::make_space({}, {examples.height, examples.channels, 10});
    nn::WeightBank bank(space.weight_layers(), core::Rng(1));
    train::SupernetOptions supernet;
    supernet.optimizer.epochs = 1;
    supernet.optimizer.batch_size = kBatch * size;
    supernet.optimizer.shards = size;
    std::vector<double> seconds;
    Clock::time_point last;
    const auto time_step = [&](const core::Progress& p) {
        const auto now = Clock::now();
        if (p.done > kWarmUp) seconds.push_back(std::chrono::duration<double>(now - last).count());
        last = now;
    };
    train::train_supernet(bank, space, supernet,
                          {.examples = examples,
                           .normalisation = normalisation,
                           .augment = {},
                           .loss = {},
                           .rng = core::Rng(2),
                           .checkpoint = {},
                           .progress = time_step,
                           .should_stop = {},
                           .phase = "supernet",
                           .ranks = ranks.get()});
    std::nth_element(seconds.begin(), seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2), seconds.end());
    if (!ranks || ranks->first()) std::printf("%.1f\n", kBatch * size / seconds[seconds.size() / 2]);
}
