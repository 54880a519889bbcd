#include "runtime/latency_probe.h"

#include "core/stats.h"
#include "runtime/classifier.h"

#include <sched.h>

#include <chrono>
#include <cmath>

namespace nachos::runtime {
namespace {

using Clock = std::chrono::steady_clock;

double us_between(Clock::time_point a, Clock::time_point b) {
    return std::chrono::duration<double, std::micro>(b - a).count();
}

/// What reading the clock takes.
double clock_us() {
    static const double us = [] {
        std::vector<double> samples;
        for (int i = 0; i < 1000; ++i) {
            const auto start = Clock::now();
            samples.push_back(us_between(start, Clock::now()));
        }
        return core::median(samples);
    }();
    return us;
}

std::vector<float> noise(std::int64_t n, core::Rng& rng, double deviation) {
    std::vector<float> values(static_cast<std::size_t>(n));
    for (float& v : values) v = static_cast<float>(deviation * rng.normal());
    return values;
}

std::vector<std::uint8_t> random_image(const arch::NetDesc& net) {
    core::Rng rng(1);
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(net.input.elements()));
    for (std::uint8_t& v : pixels) v = static_cast<std::uint8_t>(rng.below(256));
    return pixels;
}

/// Thresholds by which every sample leaves at `exit`, having been asked at each before it.
policy::Thresholds leaving_at(std::size_t exit, std::size_t exits) {
    policy::Thresholds thresholds(exits - 1, 2.0);  // no confidence is so high
    if (exit + 1 < exits) thresholds[exit] = 0.0;
    return thresholds;
}

void time_layers(const model::Model& model, const ProbeOptions& options, std::vector<std::vector<double>>& samples) {
    Engine engine(model.net, 1);
    std::vector<double> own(model.net.layers.size());
    Clock::time_point last;
    engine.set_hook([&](std::size_t layer, int, const float*) {
        const auto now = Clock::now();
        own[layer] = us_between(last, now);
        last = Clock::now();
    });
    const std::vector<std::uint8_t> pixels = random_image(model.net);
    for (int i = -options.warm_up; i < options.inferences; ++i) {
        for (std::size_t p = 0; p < pixels.size(); ++p) engine.input()[p] = static_cast<float>(pixels[p]) / 128 - 1;
        engine.start(1);
        for (int exit = 0; exit < engine.exit_count(); ++exit) {
            last = Clock::now();
            engine.advance();
        }
        for (std::size_t l = 0; i >= 0 && l < own.size(); ++l) samples[l].push_back(std::max(own[l] - clock_us(), 0.0));
    }
}

void time_exits(const model::Model& model, const ProbeOptions& options, std::vector<std::vector<double>>& samples) {
    Classifier classifier(model, 1);
    const std::vector<std::uint8_t> pixels = random_image(model.net);
    Inference result;
    std::vector<policy::Thresholds> leaving;
    for (std::size_t exit = 0; exit < samples.size(); ++exit) leaving.push_back(leaving_at(exit, samples.size()));
    for (int i = -options.warm_up; i < options.inferences; ++i) {
        // In turns, for so do samples leave: always at the first exit, a network's first part would have the caches to
        // itself.
        for (std::size_t exit = 0; exit < samples.size(); ++exit) {
            const auto start = Clock::now();
            classifier.run_batch(leaving[exit], pixels, {&result, 1});
            const double us = us_between(start, Clock::now());
            if (i >= 0) samples[exit].push_back(std::max(us - clock_us(), 0.0));
        }
    }
}

}  // namespace

model::Model timing_model(arch::NetDesc net, core::Rng rng) {
    model::Model m;
    for (arch::Layer& l : net.layers) {
        if (!l.has_weights()) continue;
        l.batch_norm = false;
        l.bias = true;
        const double fan_in = static_cast<double>(l.weight_count()) / l.out.c;
        l.weight = noise(l.weight_count(), rng, std::sqrt(2 / fan_in));  // maps neither vanish nor explode
        l.bias_values = noise(l.out.c, rng, 0.1);
    }
    m.net = std::move(net);
    const auto channels = static_cast<std::size_t>(m.net.input.c);
    m.preprocessing = {.height = m.net.input.h,
                       .width = m.net.input.w,
                       .channels = m.net.input.c,
                       .resize_filter = "",
                       .mean = std::vector<float>(channels, 0.5F),
                       .std = std::vector<float>(channels, 0.25F)};
    m.class_names.assign(static_cast<std::size_t>(m.net.classes), "");
    m.calibration.exits.resize(m.net.exits.size());
    m.costs = cost::costs_of(m.net);
    return m;
}

void probe(const model::Model& model, const ProbeOptions& options, ProbedTimes& times) {
    times.layers.resize(model.net.layers.size());
    times.exits.resize(model.net.exits.size());
    time_layers(model, options, times.layers);
    time_exits(model, options, times.exits);
}

std::vector<double> exit_latencies_us(const model::Model& model, const ProbeOptions& options) {
    std::vector<std::vector<double>> samples(model.net.exits.size());
    for (int pass = 0; pass < options.passes; ++pass) time_exits(model, options, samples);
    std::vector<double> medians;
    for (const std::vector<double>& s : samples) medians.push_back(core::median(s));
    return medians;
}

int pin_thread() {
    const int core = ::sched_getcpu();
    if (core < 0) return -1;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<unsigned>(core), &set);
    return ::sched_setaffinity(0, sizeof set, &set) == 0 ? core : -1;
}

}  // namespace nachos::runtime
