#include "export/quantize.h"

#include "core/error.h"
#include "policy/calibrate.h"
#include "runtime/classifier.h"

#include <algorithm>
#include <cmath>

namespace nachos::exporting {
namespace {

using arch::Activation;
using arch::Layer;
using model::Affine;

constexpr int kBatch = 32;
constexpr double kTail = 2e-5;          // share of values beyond either end of a range: they are clamped
constexpr std::size_t kKept = 1 << 18;  // values of a map that its range is read from
constexpr float kLeastRange = 1e-6F;
constexpr float kMostBiasCode = 1 << 29;

/// Values that a map takes, thinned evenly so that memory is bounded.
class Values {
  public:
    void add(const float* values, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            if (seen_++ % step_ != 0) continue;
            kept_.push_back(values[i]);
            if (kept_.size() < 2 * kKept) continue;
            for (std::size_t k = 0; 2 * k < kept_.size(); ++k) kept_[k] = kept_[2 * k];
            kept_.resize(kKept);
            step_ *= 2;
        }
    }

    /// A code for nearly all of them; 0 is one of its numbers.
    Affine code() {
        if (kept_.empty()) return {};
        std::sort(kept_.begin(), kept_.end());
        const auto beyond = static_cast<std::size_t>(kTail * static_cast<double>(kept_.size()));
        const float low = std::min(kept_[beyond], 0.0F), high = std::max(kept_[kept_.size() - 1 - beyond], 0.0F);
        const float scale = std::max(high - low, kLeastRange) / 255;
        return {scale, static_cast<int>(std::clamp(std::round(-128 - low / scale), -128.0F, 127.0F))};
    }

  private:
    std::vector<float> kept_;
    std::size_t seen_ = 0, step_ = 1;
};

bool curved(const Layer& layer) {
    return layer.activation == Activation::hard_swish || layer.activation == Activation::hard_sigmoid;
}

/// Each layer's values in front of its activation and behind it, on all images.
void collect(const model::Model& model, std::span<const std::uint8_t> pixels, std::vector<Values>& tensors,
             std::vector<Values>& inner) {
    arch::NetDesc net = model.net;
    for (Layer& layer : net.layers)
        if (curved(layer)) layer.activation = Activation::none;  // the hook does it
    runtime::Engine engine(net, kBatch);
    engine.set_hook([&](std::size_t i, int n, float* output) {
        const Layer& layer = model.net.layers[i];
        const auto count = static_cast<std::size_t>(layer.out.elements() * n);
        inner[i].add(output, count);
        if (curved(layer)) {
            for (std::size_t e = 0; e < count; ++e) {
                const float gate = std::clamp(output[e] + 3, 0.0F, 6.0F) / 6;
                output[e] = layer.activation == Activation::hard_swish ? output[e] * gate : gate;
            }
        }
        tensors[i + 1].add(output, count);
    });
    const auto image = static_cast<std::size_t>(model.net.input.elements());
    const std::size_t channels = model.preprocessing.mean.size();
    for (std::size_t begin = 0; begin < pixels.size(); begin += kBatch * image) {
        const auto part = pixels.subspan(begin, std::min(kBatch * image, pixels.size() - begin));
        float* input = engine.input().data();
        for (std::size_t i = 0; i < part.size(); ++i) {
            const std::size_t c = i % channels;
            input[i] = (static_cast<float>(part[i]) / 255 - model.preprocessing.mean[c]) / model.preprocessing.std[c];
        }
        tensors[0].add(input, part.size());
        engine.start(static_cast<int>(part.size() / image));
        for (int e = 0; e < engine.exit_count(); ++e) engine.advance();
    }
}

/// Rounds a layer's weights to multiples of a scale an output channel, and returns the scales.
std::vector<float> round_weights(Layer& layer, float in_scale) {
    std::vector<float> scales;
    const std::size_t per_channel = layer.weight.size() / static_cast<std::size_t>(layer.out.c);
    for (std::size_t o = 0; o < static_cast<std::size_t>(layer.out.c); ++o) {
        const auto weights = std::span(layer.weight).subspan(o * per_channel, per_channel);
        float largest = 0;
        for (const float w : weights) largest = std::max(largest, std::abs(w));
        const float bias = layer.bias ? std::abs(layer.bias_values[o]) : 0.0F;
        // A channel of next to no weights must still hold its bias in 32 bits.
        const float scale = std::max({largest / 127, bias / (in_scale * kMostBiasCode), kLeastRange / 127});
        for (float& w : weights) w = std::round(w / scale) * scale;
        scales.push_back(scale);
    }
    return scales;
}

policy::RecordedTable record(const model::Model& model, const LabelledImages& images) {
    runtime::Classifier classifier(model, kBatch);
    std::vector<runtime::Heard> heard;
    classifier.run(policy::Thresholds(model.net.exits.size() - 1), images.pixels, &heard);
    policy::RecordedTable table{.samples = static_cast<int>(images.labels.size()),
                                .exits = model.net.exit_count(),
                                .classes = model.net.classes,
                                .labels = {images.labels.begin(), images.labels.end()},
                                .logits = {},
                                .gates = {}};
    for (const runtime::Heard& h : heard) {
        table.logits.insert(table.logits.end(), h.logits.begin(), h.logits.end());
        table.gates.insert(table.gates.end(), h.gates.begin(), h.gates.end());
    }
    return table;
}

std::vector<double> executed(const model::Model& model) {
    return {model.costs.executed_macs.begin(), model.costs.executed_macs.end()};
}

void fit(model::Model& model, const LabelledImages& calibration) {
    const policy::RecordedTable table = record(model, calibration);
    if (!model.calibration.exits.empty())
        model.calibration = policy::calibrate(table);  // a model that takes confidences as they are keeps doing so
    const policy::ExitView view = policy::view(table, model.measure, model.calibration);
    if (model.net.exit_count() == 1) {
        for (model::ThresholdSet& set : model.threshold_sets) set.on_calibration = policy::apply(view, {}, executed(model));
        return;
    }
    std::vector<double> budgets;
    for (const model::ThresholdSet& set : model.threshold_sets) budgets.push_back(set.budget_macs);
    model.threshold_sets.clear();
    for (policy::BudgetPoint& b : policy::cross_fitted_curve(view, executed(model), budgets))
        model.threshold_sets.push_back({budgets[static_cast<std::size_t>(b.budget_index)], std::move(b.point)});
    require(!model.threshold_sets.empty(), ErrorKind::inadmissible,
            "in 8 bits no thresholds meet any of the model's budgets, {:.0f} to {:.0f} MACs", budgets.front(),
            budgets.back());
}

}  // namespace

model::Model quantize_network(const model::Model& trained, std::span<const std::uint8_t> ranges) {
    require(!trained.quantization, ErrorKind::usage, "the model is quantized already; quantize the one that was trained");
    std::vector<Values> tensors(trained.net.layers.size() + 1), inner(trained.net.layers.size());
    collect(trained, ranges, tensors, inner);
    model::Model model = trained;
    model::Quantization& q = model.quantization.emplace();
    q.tensors.push_back(tensors[0].code());
    for (std::size_t i = 0; i < model.net.layers.size(); ++i) {
        Layer& layer = model.net.layers[i];
        const auto input = static_cast<std::size_t>(layer.inputs[0]);
        const bool moves = layer.kind == arch::LayerKind::max_pool || layer.kind == arch::LayerKind::flatten;
        const bool plain = layer.activation == Activation::none;
        q.tensors.push_back(moves && plain ? q.tensors[input] : tensors[i + 1].code());
        q.inner.push_back(curved(layer) ? inner[i].code() : q.tensors.back());
        q.weight_scales.push_back(layer.has_weights() ? round_weights(layer, q.tensors[input].scale) : std::vector<float>{});
    }
    return model;
}

model::Model quantize(const model::Model& trained, std::span<const std::uint8_t> ranges, const LabelledImages& calibration) {
    model::Model model = quantize_network(trained, ranges);
    fit(model, calibration);
    return model;
}

std::vector<QuantizationLoss> quantization_loss(const model::Model& quantized, const model::Model& trained,
                                                const LabelledImages& images) {
    const auto view_of = [&](const model::Model& m) { return policy::view(record(m, images), m.measure, m.calibration); };
    const policy::ExitView ours = view_of(quantized), theirs = view_of(trained);
    std::vector<QuantizationLoss> losses;
    for (const model::ThresholdSet& set : quantized.threshold_sets) {
        const auto same = std::find_if(trained.threshold_sets.begin(), trained.threshold_sets.end(),
                                       [&](const model::ThresholdSet& t) { return t.budget_macs == set.budget_macs; });
        if (same == trained.threshold_sets.end()) continue;
        const policy::Thresholds &mine = set.on_calibration.thresholds, &other = same->on_calibration.thresholds;
        const policy::OperatingPoint here = policy::apply(ours, mine, executed(quantized)),
                                     there = policy::apply(theirs, other, executed(trained));
        int flips = 0;
        for (int n = 0; n < static_cast<int>(images.labels.size()); ++n)
            flips += policy::exit_taken(ours, n, mine) != policy::exit_taken(theirs, n, other) ? 1 : 0;
        losses.push_back({.budget_macs = set.budget_macs,
                          .accuracy = here.accuracy,
                          .trained_accuracy = there.accuracy,
                          .avg_macs = here.avg_cost,
                          .trained_avg_macs = there.avg_cost,
                          .flips = flips / static_cast<double>(images.labels.size())});
    }
    return losses;
}

}  // namespace nachos::exporting
