#include "arch/spaces.h"
#include "data/dataset.h"
#include "search/differentiable/learner.h"
#include "train/loop.h"
#include "train/trainer.h"

#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

// One step of the architectures against one sandwich step of the weights, turn by turn in one training, at 4 and at 64
// budgets, and the process's largest memory so far: first without the engine, then with it. The quick start's space, 28 x 28
// grey images, 128 a step, two shards, the sandwich as the options have it; about two minutes.

namespace {

using namespace nachos;
using Clock = std::chrono::steady_clock;

constexpr int kBatch = 128, kSteps = 40;

struct Quartiles {
    double low = 0, median = 0, high = 0;
};

Quartiles quartiles(std::vector<double> v) {
    std::sort(v.begin(), v.end());
    return {v[v.size() / 4], v[v.size() / 2], v[3 * v.size() / 4]};
}

/// Times the learner, and what happens between its turns.
class Timed : public train::CoLearner {
  public:
    explicit Timed(train::CoLearner& learner) : learner_(learner) {}
    arch::Genome sample(core::Rng& rng) const override { return learner_.sample(rng); }
    void after_step(const train::LoopStep& step, train::Shards& shards) override {
        const auto begin = Clock::now();
        learner_.after_step(step, shards);
        const auto end = Clock::now();
        if (step.index >= kSteps / 4) {  // warm
            weights.push_back(std::chrono::duration<double>(begin - last_).count());
            architectures.push_back(std::chrono::duration<double>(end - begin).count());
        }
        last_ = end;
    }
    void save(core::TensorFile& file) const override { learner_.save(file); }
    void load(const core::TensorFile& file, const std::string& where) override { learner_.load(file, where); }

    std::vector<double> weights, architectures;

  private:
    train::CoLearner& learner_;
    Clock::time_point last_ = Clock::now();
};

double peak_mib() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1024;
}

struct Task {
    data::DataOptions data{.path = "synthetic:" + std::to_string(kBatch * kSteps * 5 / 4 * 10 / 9), .resolution = 28};
    data::Parts parts = data::split(data::load(data), data, 1);
    data::Normalisation norm = data::normalisation_of(parts.train);
    arch::SearchSpace space = arch::make_space(space_options(), {28, parts.train.examples().channels, 4});
    search::LearnerImages images = search::divide(parts.train.examples(), 4, 0.1, core::Rng(1));

    static arch::SpaceOptions space_options() {
        arch::SpaceOptions o;
        o.stem_stride = {2};
        o.depth = {{1}, {1, 2}, {1, 2}, {1, 2}};
        o.width = {{8}, {16, 24}, {24, 32, 40}, {40, 64}};
        o.expand = {2, 3};
        o.exit_convs = {0, 1};
        o.exit_pool = {2};
        return o;
    }

    void train(nn::WeightBank& bank, train::CoLearner* learner) const {
        train::SupernetOptions o;
        o.optimizer.epochs = 1;
        o.optimizer.batch_size = kBatch;
        train::train_supernet(bank, space, o,
                              {.examples = images.weights,
                               .normalisation = norm,
                               .augment = {},
                               .loss = {},
                               .rng = core::Rng(2),
                               .checkpoint = {},
                               .progress = {},
                               .should_stop = {},
                               .phase = "supernet"},
                              learner);
    }
    nn::WeightBank bank() const { return {space.weight_layers(), core::Rng(1)}; }
};

void measure(const Task& task, int budgets) {
    nn::WeightBank bank = task.bank();
    std::vector<double> grid;
    for (int b = 0; b < budgets; ++b) grid.push_back(5e4 * std::pow(10.0, b / (budgets - 1.0)));
    search::Learner learner({.space = task.space,
                             .bank = bank,
                             .images = task.images.architectures,
                             .normalisation = task.norm,
                             .loss = {},
                             .budgets = grid,
                             .rng = core::Rng(3),
                             .device = torch::kCPU},
                            {.warmup = 0, .every = 1, .batch_size = kBatch});
    Timed timed(learner);
    task.train(bank, &timed);
    const Quartiles w = quartiles(timed.weights), a = quartiles(timed.architectures);
    std::printf(
        "%d budgets: sandwich step %.0f ms (%.0f to %.0f), architecture step %.0f ms (%.0f to %.0f), ratio %.2f, peak %.0f "
        "MiB\n",
        budgets, 1e3 * w.median, 1e3 * w.low, 1e3 * w.high, 1e3 * a.median, 1e3 * a.low, 1e3 * a.high, a.median / w.median,
        peak_mib());
    std::fflush(stdout);
}

}  // namespace

/// `bench_learner [BUDGETS ...]`, 0 for the supernet alone. One of them a process tells the memory it needs; several tell
/// times side by side.
int main(int argc, char** argv) {
    mallopt(M_MMAP_THRESHOLD, 32 << 20);  // as nachos-train does
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    mallopt(M_TOP_PAD, 64 << 20);
    std::vector<int> rounds;
    for (int i = 1; i < argc; ++i) rounds.push_back(std::atoi(argv[i]));
    if (rounds.empty()) rounds = {0, 4, 64, 4, 64};
    const Task task;
    for (const int budgets : rounds) {
        if (budgets > 1) {
            measure(task, budgets);
            continue;
        }
        nn::WeightBank bank = task.bank();
        task.train(bank, nullptr);
        std::printf("without the engine: peak %.0f MiB\n", peak_mib());
    }
}
