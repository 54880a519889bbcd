#pragma once

#include "arch/search_space.h"
#include "core/rng.h"
#include "model/model_file.h"
#include "runtime/classifier.h"

#include <fmt/format.h>

#include <cmath>
#include <set>
#include <string>
#include <vector>

namespace nachos::test {

inline std::vector<float> noise(std::int64_t n, core::Rng& rng, double deviation = 1) {
    std::vector<float> values(static_cast<std::size_t>(n));
    for (float& v : values) v = static_cast<float>(deviation * rng.normal());
    return values;
}

/// Weights and biases as if trained and folded, so that maps neither vanish nor explode.
inline void fill(arch::NetDesc& net, core::Rng& rng) {
    for (arch::Layer& l : net.layers) {
        if (!l.has_weights()) continue;
        l.batch_norm = false;
        l.bias = true;
        const double fan_in = static_cast<double>(l.weight_count()) / l.out.c;
        l.weight = noise(l.weight_count(), rng, std::sqrt(2 / fan_in));
        l.bias_values = noise(l.out.c, rng, 0.1);
    }
}

inline std::vector<std::uint8_t> random_images(const arch::NetDesc& net, int count, core::Rng& rng) {
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(net.input.elements() * count));
    for (std::uint8_t& v : pixels) v = static_cast<std::uint8_t>(rng.below(256));
    return pixels;
}

/// Between the middle two of the different confidences that random images have at each early exit; at an exit where all have
/// the same, above it.
inline policy::Thresholds halving_thresholds(const model::Model& model, core::Rng rng) {
    std::vector<runtime::Heard> heard;
    runtime::Classifier classifier(model, 32);
    const auto early = static_cast<std::size_t>(model.net.exit_count() - 1);
    classifier.run(policy::Thresholds(early), random_images(model.net, 32, rng), &heard);
    policy::Thresholds thresholds;
    for (int e = 0; e < static_cast<int>(early); ++e) {
        std::set<float> seen;
        for (const runtime::Heard& h : heard)
            seen.insert(policy::confidence_at(model.measure, model.calibration, h.logits, h.gates, e, model.net.classes));
        const std::vector<float> sorted(seen.begin(), seen.end());
        const std::size_t middle = sorted.size() / 2;
        thresholds.push_back(sorted.size() == 1 ? sorted[0] + 0.1 : (sorted[middle] + sorted[middle - 1]) / 2.0);
    }
    return thresholds;
}

/// A model of that architecture with random weights and three operating points: everybody leaves at the first exit, about
/// half do at each, nobody leaves early.
inline model::Model random_model(const arch::SearchSpace& space, const arch::ArchSpec& spec, policy::Measure measure,
                                 std::uint64_t seed) {
    core::Rng rng(seed);
    model::Model m;
    m.arch = spec;
    m.net = space.build(spec);
    fill(m.net, rng);
    const int channels = m.net.input.c;
    m.preprocessing = {.height = m.net.input.h,
                       .width = m.net.input.w,
                       .channels = channels,
                       .resize_filter = "triangle-antialias",
                       .mean = std::vector<float>(static_cast<std::size_t>(channels), 0.48F),
                       .std = std::vector<float>(static_cast<std::size_t>(channels), 0.23F)};
    for (int c = 0; c < m.net.classes; ++c) m.class_names.push_back(fmt::format("class \"{}\"\\?", c));
    m.measure = measure;
    for (int e = 0; e < m.net.exit_count(); ++e)
        m.calibration.exits.push_back({.temperature = 1.5 + e, .gate_slope = 0.8, .gate_offset = 0.1 * e});
    m.costs = cost::costs_of(m.net);
    const auto early = static_cast<std::size_t>(m.net.exit_count() - 1);
    const double worst = static_cast<double>(m.costs.worst_macs());
    for (const policy::Thresholds& thresholds :
         {policy::Thresholds(early, 0.0), halving_thresholds(m, rng.stream("images")), policy::Thresholds(early)}) {
        policy::OperatingPoint point{.thresholds = thresholds,
                                     .accuracy = 0.5 + 0.1 * static_cast<double>(m.threshold_sets.size()),
                                     .min_class_accuracy = 0.1,
                                     .avg_cost = worst,
                                     .avg_cost_upper = worst,
                                     .p95_cost = worst,
                                     .worst_cost = worst,
                                     .exit_share = std::vector<double>(early + 1, 0)};
        point.exit_share.back() = 1;
        m.threshold_sets.push_back({worst * (0.5 + static_cast<double>(m.threshold_sets.size())), point});
    }
    return m;
}

}  // namespace nachos::test
