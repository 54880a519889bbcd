// Supernet against stand-alone training steps, and candidates evaluated a second with inherited weights, one thread:
// bench_nn [--benchmark_filter=...]. The counters give the ratio and rate that docs/performance.md quotes.

#include "arch/search_space.h"
#include "cost/cost.h"
#include "nn/network.h"
#include "train/evaluate.h"
#include "train/losses.h"
#include "train/threads.h"

#include <benchmark/benchmark.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

namespace {

using namespace nachos;
using Clock = std::chrono::steady_clock;

/// The quick start's space on 28 x 28 grey images.
arch::SearchSpace quickstart_space() {
    arch::SpaceOptions options;
    options.stem_stride = {2};
    options.depth = {{1}, {1, 2}, {1, 2}, {1, 2}};
    options.width = {{8}, {16, 24}, {24, 32, 40}, {40, 64}};
    options.expand = {2, 3};
    options.exit_convs = {0, 1};
    options.exit_pool = {2};
    return arch::make_space(options, {28, 1, 10});
}

torch::Tensor images(int n) { return torch::randn({n, 28, 28, 1}).permute({0, 3, 1, 2}); }

void one_thread() {
    at::set_num_threads(1);
    train::set_own_threads(1);
}

void step(const arch::NetDesc& net, const nn::WeightBank& bank, const torch::Tensor& x, const torch::Tensor& y) {
    train::total_loss(nn::run(net, bank, x), y, {}).backward();
}

double seconds(const std::function<void()>& f) {
    const auto start = Clock::now();
    f();
    return std::chrono::duration<double>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
    return values[values.size() / 2];
}

/// Forward and backward of sampled subnets, in the supernet and as stand-alone networks, turn by turn.
void subnet_against_alone(benchmark::State& state) {
    one_thread();
    const arch::SearchSpace space = quickstart_space();
    const nn::WeightBank supernet(space.weight_layers(), core::Rng(1));
    core::Rng rng(2);
    const torch::Tensor x = images(128), y = torch::randint(0, 10, {128});
    std::vector<double> ratios, inside, alone;
    for (auto _ : state) {
        const arch::NetDesc net = space.build(space.decode(space.sample(rng)));
        const nn::WeightBank bank = supernet.slice(net);
        step(net, supernet, x, y);
        step(net, bank, x, y);
        for (int i = 0; i < 5; ++i) {
            inside.push_back(seconds([&] { step(net, supernet, x, y); }));
            alone.push_back(seconds([&] { step(net, bank, x, y); }));
            ratios.push_back(inside.back() / alone.back());
        }
    }
    state.counters["ratio"] = median(ratios);
    state.counters["subnet_ms"] = median(inside) * 1e3;
    state.counters["alone_ms"] = median(alone) * 1e3;
}
BENCHMARK(subnet_against_alone)->Iterations(20)->Unit(benchmark::kMillisecond);

/// A space of CIFAR-10's size with one architecture: 16, 32, 64 and 128 channels, maps of 16 x 16 behind the stem.
arch::SearchSpace cifar_space() {
    arch::SpaceOptions options;
    options.stem_stride = {2};
    options.stem_width = {16};
    options.depth = {{1}, {2}, {3}, {2}};
    options.width = {{16}, {32}, {64}, {128}};
    options.kernel = {3};
    options.expand = {3};
    options.exit_convs = {1};
    options.exit_width = {64};
    options.exit_pool = {1};
    return arch::make_space(options, {32, 3, 10});
}

/// Forward and backward of half a batch, as one of two threads has it; maps in float32 (0) or bfloat16 (1).
void training_step(benchmark::State& state) {
    one_thread();
    const arch::SearchSpace space = cifar_space();
    const arch::NetDesc net = space.build(space.with_all_exits(space.largest()));
    const nn::WeightBank bank(nn::weighted_layers(net), core::Rng(1));
    const torch::Tensor
        x = torch::randn({64, 32, 32, 3}).permute({0, 3, 1, 2}).to(state.range(0) == 0 ? torch::kFloat : torch::kBFloat16),
        y = torch::randint(0, 10, {64});
    for (int i = 0; i < 3; ++i) step(net, bank, x, y);
    std::vector<double> times;
    for (auto _ : state) times.push_back(seconds([&] { step(net, bank, x, y); }));
    state.counters["images_per_second"] = 64 / median(times);
}
BENCHMARK(training_step)->Arg(0)->Arg(1)->Iterations(40)->Unit(benchmark::kMillisecond);

/// Candidates of 0.45 to 0.55 M MACs: recalibrated on 1,000 images, run on 6,000, thresholds fitted for 16 budgets.
void candidates(benchmark::State& state) {
    one_thread();
    const arch::SearchSpace space = quickstart_space();
    const nn::WeightBank bank(space.weight_layers(), core::Rng(1));
    train::CandidateContext context{.space = space,
                                    .bank = bank,
                                    .recalibration = {},
                                    .validation = {},
                                    .curve = {.budgets = {}, .tune = {.grid = 1 << 15, .refine = false}}};
    const int batch = static_cast<int>(state.range(0));
    for (int i = 0; i < 1000 / batch; ++i) context.recalibration.batches.push_back(images(batch));
    for (int i = 0; i < 6000; i += batch) context.validation.batches.push_back(images(std::min(batch, 6000 - i)));
    for (int i = 0; i < 6000; ++i) context.validation.labels.push_back(i % 10);
    for (int b = 1; b <= 16; ++b) context.curve.budgets.push_back(5e5 * b / 16);
    core::Rng rng(3);
    std::vector<arch::ArchSpec> specs;
    while (specs.size() < 24) {
        const arch::ArchSpec spec = space.decode(space.sample(rng));
        const double macs = static_cast<double>(cost::costs_of(space.build(spec)).worst_macs());
        if (macs > 4.5e5 && macs < 5.5e5) specs.push_back(spec);
    }
    std::size_t next = 0;
    std::vector<double> times;
    for (auto _ : state) {
        const auto evaluation = train::evaluate_candidate(context, specs[next++ % specs.size()]);
        if (!evaluation.ok()) state.SkipWithError(evaluation.error.c_str());
        times.push_back(evaluation.seconds);
    }
    state.counters["per_second"] = 1 / median(times);
    state.counters["best"] = 1 / *std::min_element(times.begin(), times.end());
}
BENCHMARK(candidates)->Arg(32)->Arg(64)->Iterations(72)->Unit(benchmark::kMillisecond);

}  // namespace

int main(int argc, char** argv) {
    ::setenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "16384", 0);
    ::setenv("OPENBLAS_NUM_THREADS", "1", 0);
    ::mallopt(M_MMAP_THRESHOLD, 32 << 20);
    ::mallopt(M_TRIM_THRESHOLD, 1 << 30);
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
}
