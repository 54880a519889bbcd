#include "export/quantize.h"

#include "core/error.h"
#include "policy/calibrate.h"
#include "runtime/classifier.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace nachos::exporting {
namespace {

using arch::Activation;
using arch::Layer;
using model::Affine;

constexpr int kBatch = 32;
constexpr double kTails[] = {0, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2};  // shares of values clamped at either end
constexpr std::size_t kKept = 1 << 18;                                      // values of a map that its range is read from
constexpr float kLeastRange = 1e-6F;
constexpr float kMostBiasCode = 1 << 29;

/// Values that a map takes, thinned so that memory is bounded: at places that are scattered, for with an even step of a
/// power of two few of a map's channels would be seen.
class Values {
  public:
    void add(const float* values, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            if (scattered(seen_++) % step_ != 0) continue;
            kept_.push_back(values[i]);
            if (kept_.size() < 2 * kKept) continue;
            for (std::size_t k = 0; 2 * k < kept_.size(); ++k) kept_[k] = kept_[2 * k];
            kept_.resize(kKept);
            step_ *= 2;
        }
    }

    /// The code with the least mean square error, of ranges from all values down to a share of them that are clamped; 0 is
    /// one of its numbers.
    Affine code() {
        if (kept_.empty()) return {};
        std::sort(kept_.begin(), kept_.end());
        Affine best;
        double least = std::numeric_limits<double>::infinity();
        for (const double tail : kTails) {
            const auto beyond = static_cast<std::size_t>(tail * static_cast<double>(kept_.size() - 1));
            const Affine code = covering(kept_[beyond], kept_[kept_.size() - 1 - beyond]);
            const double error = error_of(code);
            if (error >= least) continue;
            least = error;
            best = code;
        }
        return best;
    }

  private:
    /// Fibonacci hashing (Knuth, The Art of Computer Programming 3, section 6.4): neighbours end far from each other.
    static std::uint64_t scattered(std::uint64_t place) { return place * 0x9E3779B97F4A7C15U >> 32; }
    static Affine covering(float low, float high) {
        low = std::min(low, 0.0F);
        const float scale = std::max(std::max(high, 0.0F) - low, kLeastRange) / 255;
        return {scale, static_cast<int>(std::clamp(std::round(-128 - low / scale), -128.0F, 127.0F))};
    }
    /// Sum of squares that the code is off by.
    double error_of(const Affine& code) const {
        const float low = code.scale * static_cast<float>(-128 - code.zero),
                    high = code.scale * static_cast<float>(127 - code.zero);
        double sum = 0;
        for (const float v : kept_) {
            const float near = std::clamp(std::nearbyint(v / code.scale) * code.scale, low, high);
            sum += (v - near) * (v - near);
        }
        return sum;
    }

    std::vector<float> kept_;
    std::uint64_t seen_ = 0, step_ = 1;
};

bool curved(const Layer& layer) {
    return layer.activation == Activation::hard_swish || layer.activation == Activation::hard_sigmoid;
}

using Hook = std::function<void(std::size_t layer, std::size_t values, float* output)>;

/// Runs all images to the last exit; `hook` sees each layer's output, a map behind the other.
void run_over(const model::Model& model, const arch::NetDesc& net, std::span<const std::uint8_t> pixels,
              const std::function<void(std::span<const float>)>& on_input, const Hook& hook) {
    runtime::Engine engine(net, kBatch);
    engine.set_hook([&](std::size_t i, int n, float* output) {
        hook(i, static_cast<std::size_t>(net.layers[i].out.elements() * n), output);
    });
    const auto image = static_cast<std::size_t>(net.input.elements());
    const std::size_t channels = model.preprocessing.mean.size();
    for (std::size_t begin = 0; begin < pixels.size(); begin += kBatch * image) {
        const auto part = pixels.subspan(begin, std::min(kBatch * image, pixels.size() - begin));
        const std::span<float> input = engine.input().first(part.size());
        for (std::size_t i = 0; i < part.size(); ++i) {
            const std::size_t c = i % channels;
            input[i] = (static_cast<float>(part[i]) / 255 - model.preprocessing.mean[c]) / model.preprocessing.std[c];
        }
        on_input(input);
        engine.start(static_cast<int>(part.size() / image));
        for (int e = 0; e < engine.exit_count(); ++e) engine.advance();
    }
}

/// Each layer's values in front of its activation and behind it, on all images.
void collect(const model::Model& model, std::span<const std::uint8_t> pixels, std::vector<Values>& tensors,
             std::vector<Values>& inner) {
    arch::NetDesc net = model.net;
    for (Layer& layer : net.layers)
        if (curved(layer)) layer.activation = Activation::none;  // the hook does it
    run_over(
        model, net, pixels, [&](std::span<const float> input) { tensors[0].add(input.data(), input.size()); },
        [&](std::size_t i, std::size_t count, float* output) {
            const Layer& layer = model.net.layers[i];
            inner[i].add(output, count);
            if (curved(layer)) {
                for (std::size_t e = 0; e < count; ++e) {
                    const float gate = std::clamp(output[e] + 3, 0.0F, 6.0F) / 6;
                    output[e] = layer.activation == Activation::hard_swish ? output[e] * gate : gate;
                }
            }
            tensors[i + 1].add(output, count);
        });
}

/// The depthwise convolution that alone reads a layer whose channels may be scaled one by one; -1 if there is none.
int scalable_reader(const arch::NetDesc& net, std::size_t i) {
    const Layer& layer = net.layers[i];
    if (!layer.has_weights() || curved(layer)) return -1;
    int reader = -1;
    for (std::size_t r = i + 1; r < net.layers.size(); ++r) {
        for (const int t : net.layers[r].inputs) {
            if (t != static_cast<int>(i) + 1) continue;
            if (reader >= 0) return -1;
            reader = static_cast<int>(r);
        }
    }
    const auto is_output = [&](const arch::ExitPoint& e) { return e.tensor == static_cast<int>(i) + 1; };
    if (reader < 0 || std::any_of(net.exits.begin(), net.exits.end(), is_output)) return -1;
    const Layer& next = net.layers[static_cast<std::size_t>(reader)];
    return next.kind == arch::LayerKind::conv && next.groups == next.in.c && next.out.c == next.in.c ? reader : -1;
}

/// Cross-layer equalization (Nagel et al. 2019, arXiv 1906.04721, section 4.1), where it costs the weights nothing: channels
/// in front of a depthwise convolution are scaled to one range, which ReLU lets through, and that convolution's weights undo
/// it.
void equalize(model::Model& model, std::span<const std::uint8_t> pixels) {
    std::vector<std::vector<float>> most(model.net.layers.size());  // per channel
    run_over(
        model, model.net, pixels, [](std::span<const float>) {},
        [&](std::size_t i, std::size_t count, const float* output) {
            const auto channels = static_cast<std::size_t>(model.net.layers[i].out.c);
            most[i].resize(channels, 0);
            for (std::size_t e = 0; e < count; ++e)
                most[i][e % channels] = std::max(most[i][e % channels], std::abs(output[e]));
        });
    for (std::size_t i = 0; i < model.net.layers.size(); ++i) {
        const int reader = scalable_reader(model.net, i);
        if (reader < 0) continue;
        Layer &layer = model.net.layers[i], &next = model.net.layers[static_cast<std::size_t>(reader)];
        const float range = *std::max_element(most[i].begin(), most[i].end());
        const std::size_t per_channel = layer.weight.size() / most[i].size(), taps = next.weight.size() / most[i].size();
        for (std::size_t c = 0; c < most[i].size(); ++c) {
            if (most[i][c] <= kLeastRange * range) continue;  // a channel that says nothing
            const float by = range / most[i][c];
            for (std::size_t w = 0; w < per_channel; ++w) layer.weight[c * per_channel + w] *= by;
            if (layer.bias) layer.bias_values[c] *= by;
            for (std::size_t w = 0; w < taps; ++w) next.weight[c * taps + w] /= by;
        }
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
    model::Model model = trained;
    equalize(model, ranges);
    std::vector<Values> tensors(trained.net.layers.size() + 1), inner(trained.net.layers.size());
    collect(model, ranges, tensors, inner);
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
