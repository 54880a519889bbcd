#include "runtime/classifier.h"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace nachos::runtime {

Classifier::Classifier(const model::Model& model, int max_batch) : model_(model), engine_(model.net, max_batch) {
    for (std::size_t c = 0; c < model.preprocessing.mean.size(); ++c) {
        scale_.push_back(1 / (255 * model.preprocessing.std[c]));
        offset_.push_back(-model.preprocessing.mean[c] / model.preprocessing.std[c]);
    }
}

std::vector<Inference> Classifier::run(const policy::Thresholds& thresholds, std::span<const std::uint8_t> pixels) {
    assert(thresholds.size() + 1 == model_.net.exits.size());
    const auto image = static_cast<std::size_t>(model_.net.input.elements());
    assert(pixels.size() % image == 0);
    std::vector<Inference> results(pixels.size() / image);
    const auto batch = static_cast<std::size_t>(max_batch());
    for (std::size_t begin = 0; begin < results.size(); begin += batch) {
        const std::size_t n = std::min(batch, results.size() - begin);
        run_batch(thresholds, pixels.subspan(begin * image, n * image), results.data() + begin);
    }
    return results;
}

void Classifier::run_batch(const policy::Thresholds& thresholds, std::span<const std::uint8_t> pixels, Inference* results) {
    const std::size_t channels = scale_.size();
    float* input = engine_.input().data();
    for (std::size_t i = 0; i < pixels.size(); i += channels) {
        for (std::size_t c = 0; c < channels; ++c) {
            input[i + c] = static_cast<float>(pixels[i + c]) * scale_[c] + offset_[c];
        }
    }
    const auto n = static_cast<int>(pixels.size() / static_cast<std::size_t>(model_.net.input.elements()));
    std::vector<int> waiting(static_cast<std::size_t>(n));  // samples still under way, as rows of `results`
    std::iota(waiting.begin(), waiting.end(), 0);
    std::vector<Heard> heard(static_cast<std::size_t>(n));
    engine_.start(n);
    for (int exit = 0; !waiting.empty(); ++exit) {
        const std::span<const float> outputs = engine_.advance();
        const std::size_t width = outputs.size() / waiting.size();
        std::vector<int> kept, still;
        for (std::size_t row = 0; row < waiting.size(); ++row) {
            const int sample = waiting[row];
            Heard& so_far = heard[static_cast<std::size_t>(sample)];
            if (leaves(model_, thresholds, exit, outputs.subspan(row * width, width), so_far, results[sample])) continue;
            kept.push_back(static_cast<int>(row));
            still.push_back(sample);
        }
        if (!kept.empty()) engine_.keep(kept);
        waiting = std::move(still);
    }
}

}  // namespace nachos::runtime
