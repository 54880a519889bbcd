#include "train/inherit.h"

#include "core/error.h"
#include "nn/kernels.h"
#include "runtime/engine.h"

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

nn::kernels::Act kernel_act(Activation activation) {
    if (activation == Activation::relu) return nn::kernels::Act::relu;
    return activation == Activation::hard_swish ? nn::kernels::Act::hard_swish : nn::kernels::Act::none;
}

/// Sums of statistics over batches, and the normalisation of each batch by its own.
class Normaliser {
  public:
    Normaliser(const arch::NetDesc& net, const nn::WeightBank& bank) : net_(net), layers_(net.layers.size()) {
        for (std::size_t i = 0; i < net.layers.size(); ++i) {
            if (!net.layers[i].batch_norm) continue;
            const nn::LayerWeights w = bank.at(net.layers[i]);
            layers_[i].scale = nn::values_of(w.bn_scale);
            layers_[i].shift = nn::values_of(w.bn_shift);
            layers_[i].mean.resize(layers_[i].scale.size());
            layers_[i].variance.resize(layers_[i].scale.size());
        }
    }

    void operator()(std::size_t i, int n, float* map) {
        const arch::Layer& layer = net_.layers[i];
        if (!layer.batch_norm) return;
        Sums& sums = layers_[i];
        const std::int64_t rows = static_cast<std::int64_t>(n) * layer.out.h * layer.out.w, c = layer.out.c;
        const auto channels = static_cast<std::size_t>(c);
        std::vector<double> total(2 * channels, 0.0);
        std::vector<float> part(2 * channels), a(channels), b(channels);
        for (std::int64_t begin = 0; begin < rows; begin += nn::kernels::kChunkRows) {
            std::fill(part.begin(), part.end(), 0.0F);
            nn::kernels::shifted_sums(map, map, begin, std::min(rows, begin + nn::kernels::kChunkRows), c, part.data());
            for (std::size_t k = 0; k < part.size(); ++k) total[k] += static_cast<double>(part[k]);
        }
        for (std::size_t k = 0; k < channels; ++k) {
            const double shifted = total[k] / static_cast<double>(rows);
            const double mean = shifted + static_cast<double>(map[k]);
            const double variance = std::max(0.0, total[channels + k] / static_cast<double>(rows) - shifted * shifted);
            sums.mean[k] += mean;
            sums.variance[k] += variance;
            a[k] = static_cast<float>(static_cast<double>(sums.scale[k]) / std::sqrt(variance + nn::kBatchNormEpsilon));
            b[k] = static_cast<float>(static_cast<double>(sums.shift[k]) - mean * static_cast<double>(a[k]));
        }
        nn::kernels::affine_act(map, a.data(), b.data(), kernel_act(layer.activation), 0, rows, c, map);
    }

    nn::NetStats means(std::size_t batches) const {
        const auto tensor = [&](const std::vector<double>& sum) {
            return torch::tensor(sum, torch::kDouble).div_(static_cast<double>(batches)).to(torch::kFloat);
        };
        nn::NetStats stats;
        for (std::size_t i = 0; i < layers_.size(); ++i) {
            const arch::Layer& layer = net_.layers[i];
            if (!layer.batch_norm) continue;
            const auto finite = [](double v) { return std::isfinite(v); };
            require(std::all_of(layers_[i].mean.begin(), layers_[i].mean.end(), finite) &&
                        std::all_of(layers_[i].variance.begin(), layers_[i].variance.end(), finite),
                    ErrorKind::runtime, "batch norm statistics of layer '{}' are not finite", layer.name);
            stats[layer.name] = {tensor(layers_[i].mean), tensor(layers_[i].variance)};
        }
        return stats;
    }

  private:
    struct Sums {
        std::vector<float> scale, shift;
        std::vector<double> mean, variance;
    };

    const arch::NetDesc& net_;
    std::vector<Sums> layers_;
};

/// Images (N, C, H, W) with channels-last strides are (N, H, W, C) in memory.
const float* pixels_of(const Tensor& batch) { return batch.data_ptr<float>(); }

/// Sorts one exit's output (n, K) or (n, K + 1) into the table.
void put(policy::RecordedTable& table, std::size_t row, std::size_t exit, std::size_t n, std::span<const float> output) {
    require(std::all_of(output.begin(), output.end(), [](float v) { return std::isfinite(v); }), ErrorKind::runtime,
            "exit {} gave a logit that is not finite", exit);
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
