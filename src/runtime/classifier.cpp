#include "runtime/classifier.h"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace nachos::runtime {

Classifier::Classifier(const model::Model& model, int max_batch)
    : model_(model), engine_(model.net, max_batch), heard_(static_cast<std::size_t>(max_batch)) {
    for (std::size_t c = 0; c < model.preprocessing.mean.size(); ++c) {
        scale_.push_back(1 / (255 * model.preprocessing.std[c]));
        offset_.push_back(-model.preprocessing.mean[c] / model.preprocessing.std[c]);
    }
    for (Heard& heard : heard_) {
        heard.logits.reserve(model.net.exits.size() * static_cast<std::size_t>(model.net.classes));
        heard.gates.reserve(model.net.exits.size());
    }
    waiting_.reserve(heard_.size());
    kept_.reserve(heard_.size());
    engine_.start(max_batch);  // once through everything: operators allocate when they first run
    for (int exit = 0; exit < engine_.exit_count(); ++exit) engine_.advance();
}

std::vector<Inference> Classifier::run(const policy::Thresholds& thresholds, std::span<const std::uint8_t> pixels,
                                       std::vector<Heard>* heard) {
    const auto image = static_cast<std::size_t>(model_.net.input.elements());
    assert(pixels.size() % image == 0);
    if (heard != nullptr) heard->clear();
    std::vector<Inference> results(pixels.size() / image);
    for (std::size_t begin = 0; begin < results.size(); begin += heard_.size()) {
        const std::size_t n = std::min(heard_.size(), results.size() - begin);
        run_batch(thresholds, pixels.subspan(begin * image, n * image), std::span(results).subspan(begin, n));
        if (heard != nullptr) heard->insert(heard->end(), heard_.begin(), heard_.begin() + static_cast<std::ptrdiff_t>(n));
    }
    return results;
}

void Classifier::run_batch(const policy::Thresholds& thresholds, std::span<const std::uint8_t> pixels,
                           std::span<Inference> results) {
    assert(thresholds.size() + 1 == model_.net.exits.size() && results.size() <= heard_.size());
    const std::size_t channels = scale_.size();
    float* input = engine_.input().data();
    for (std::size_t i = 0; i < pixels.size(); i += channels) {
        for (std::size_t c = 0; c < channels; ++c) {
            input[i + c] = static_cast<float>(pixels[i + c]) * scale_[c] + offset_[c];
        }
    }
    for (Heard& heard : heard_) {
        heard.logits.clear();
        heard.gates.clear();
    }
    waiting_.resize(results.size());
    std::iota(waiting_.begin(), waiting_.end(), 0);
    engine_.start(static_cast<int>(results.size()));
    for (int exit = 0; !waiting_.empty(); ++exit) {
        const std::span<const float> outputs = engine_.advance();
        const std::size_t width = outputs.size() / waiting_.size();
        kept_.clear();
        std::size_t still = 0;
        for (std::size_t row = 0; row < waiting_.size(); ++row) {
            const auto sample = static_cast<std::size_t>(waiting_[row]);
            if (leaves(model_, thresholds, exit, outputs.subspan(row * width, width), heard_[sample], results[sample]))
                continue;
            kept_.push_back(static_cast<int>(row));
            waiting_[still++] = waiting_[row];
        }
        waiting_.resize(still);
        if (!kept_.empty()) engine_.keep(kept_);
    }
}

}  // namespace nachos::runtime
