#include "train/inherit.h"

#include "core/error.h"
#include "runtime/engine.h"

#include <ATen/Context.h>

#include <algorithm>
#include <cmath>

namespace nachos::train {
namespace {

using arch::Activation;
using torch::Tensor;

constexpr int kRecordBatch = 16;  // maps of so many images stay in a core's cache

/// A network whose convolutions are bare: batch norm and what follows it are left to a hook.
arch::NetDesc bare(const arch::NetDesc& net, const nn::WeightBank& bank) {
    arch::NetDesc plain = net;
    for (arch::Layer& layer : plain.layers) {
        if (!layer.has_weights()) continue;
        const nn::LayerWeights w = bank.at(layer);
        layer.weight = nn::values_of(w.weight);
        if (layer.bias) layer.bias_values = nn::values_of(w.bias);
        if (layer.batch_norm) layer.activation = Activation::none;
    }
    return plain;
}

/// Sums of statistics over batches, and the normalisation of each batch by its own.
class Normaliser {
  public:
    Normaliser(const arch::NetDesc& net, const nn::WeightBank& bank) : net_(net), layers_(net.layers.size()) {
        for (std::size_t i = 0; i < net.layers.size(); ++i) {
            if (!net.layers[i].batch_norm) continue;
            layers_[i].weights = bank.at(net.layers[i]);
            layers_[i].sum = {torch::zeros({net.layers[i].out.c}), torch::zeros({net.layers[i].out.c})};
        }
    }

    void operator()(std::size_t i, int n, float* map) {
        const arch::Layer& layer = net_.layers[i];
        if (!layer.batch_norm) return;
        Normalised& own = layers_[i];
        const nn::BatchStats stats =
            nn::batch_norm_act_in_place(map, static_cast<std::int64_t>(n) * layer.out.h * layer.out.w, own.weights.bn_scale,
                                        own.weights.bn_shift, layer.activation, nn::kBatchNormEpsilon);
        own.sum.mean += stats.mean;
        own.sum.variance += stats.variance;
    }

    nn::NetStats means(std::size_t batches) const {
        nn::NetStats stats;
        for (std::size_t i = 0; i < layers_.size(); ++i) {
            if (!net_.layers[i].batch_norm) continue;
            const double n = static_cast<double>(batches);
            stats[net_.layers[i].name] = {layers_[i].sum.mean / n, layers_[i].sum.variance / n};
        }
        nn::require_finite(stats);
        return stats;
    }

  private:
    struct Normalised {
        nn::LayerWeights weights;
        nn::BatchStats sum;
    };

    const arch::NetDesc& net_;
    std::vector<Normalised> layers_;
};

/// Images (N, C, H, W) with channels-last strides are (N, H, W, C) in memory.
const float* pixels_of(const Tensor& batch) { return batch.data_ptr<float>(); }

/// Sorts one exit's output (n, K) or (n, K + 1) into the table.
void put(policy::RecordedTable& table, std::size_t row, std::size_t exit, std::size_t n, std::span<const float> output) {
    require(std::all_of(output.begin(), output.end(), [](float v) { return std::isfinite(v); }), ErrorKind::runtime,
            "exit {} gave a logit that is not finite", exit + 1);
    const auto k = static_cast<std::size_t>(table.classes), e = static_cast<std::size_t>(table.exits);
    const std::size_t width = output.size() / n;
    for (std::size_t s = 0; s < n; ++s) {
        const std::size_t at = (row + s) * e + exit;
        std::copy_n(output.data() + s * width, k, table.logits.data() + at * k);
        if (width > k) table.gates[at] = output[s * width + k];
    }
}

void record_on_cpu(const arch::NetDesc& folded, const PreparedImages& images, policy::RecordedTable& table) {
    runtime::Engine engine(folded, kRecordBatch);
    const std::int64_t size = folded.input.elements();
    std::size_t row = 0;
    for (const Tensor& batch : images.batches) {
        for (std::int64_t at = 0; at < batch.size(0); at += kRecordBatch) {
            const std::int64_t n = std::min<std::int64_t>(kRecordBatch, batch.size(0) - at);
            std::copy_n(pixels_of(batch) + at * size, n * size, engine.input().data());
            engine.start(static_cast<int>(n));
            for (std::size_t e = 0; e < folded.exits.size(); ++e)
                put(table, row, e, static_cast<std::size_t>(n), engine.advance());
            row += static_cast<std::size_t>(n);
        }
    }
}

void record_with_torch(const arch::NetDesc& folded, const PreparedImages& images, torch::Device device,
                       policy::RecordedTable& table) {
    const at::NoTF32Guard exact;  // figures are those of float32, which the network is deployed in
    const nn::FoldedNet net(folded, device);
    std::size_t row = 0;
    for (const Tensor& batch : images.batches) {
        const nn::Outputs out = net.run(batch);
        const auto n = static_cast<std::size_t>(batch.size(0));
        for (std::size_t e = 0; e < out.logits.size(); ++e) {
            const Tensor joined =
                (out.gates[e].defined() ? torch::cat({out.logits[e], out.gates[e].unsqueeze(1)}, 1) : out.logits[e])
                    .cpu()
                    .contiguous();
            put(table, row, e, n, {joined.data_ptr<float>(), static_cast<std::size_t>(joined.numel())});
        }
        row += n;
    }
}

}  // namespace

nn::NetStats batch_statistics(const arch::NetDesc& net, const nn::WeightBank& bank, const std::vector<Tensor>& batches) {
    if (!bank.device().is_cpu()) return nn::recalibrate(net, bank, batches);
    torch::NoGradGuard no_grad;
    std::int64_t largest = 1;
    for (const Tensor& b : batches) largest = std::max(largest, b.size(0));
    runtime::Engine engine(bare(net, bank), static_cast<int>(largest));
    Normaliser normaliser(net, bank);
    engine.set_hook([&](std::size_t layer, int n, float* map) { normaliser(layer, n, map); });
    for (const Tensor& batch : batches) {
        std::copy_n(pixels_of(batch), batch.numel(), engine.input().data());
        engine.start(static_cast<int>(batch.size(0)));
        for (int e = 0; e < engine.exit_count(); ++e) engine.advance();
    }
    return normaliser.means(batches.size());
}

policy::RecordedTable record(const arch::NetDesc& folded, const PreparedImages& images, torch::Device device) {
    policy::RecordedTable table;
    table.samples = static_cast<int>(images.labels.size());
    table.exits = folded.exit_count();
    table.classes = folded.classes;
    table.labels = images.labels;
    const std::size_t entries = images.labels.size() * folded.exits.size();
    table.logits.resize(entries * static_cast<std::size_t>(folded.classes));
    table.gates.assign(entries, 0.0F);
    if (device.is_cpu()) {
        record_on_cpu(folded, images, table);
    } else {
        record_with_torch(folded, images, device, table);
    }
    return table;
}

}  // namespace nachos::train
