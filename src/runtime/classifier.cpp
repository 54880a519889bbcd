#include "runtime/classifier.h"

#include "core/simd.h"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace nachos::runtime {
namespace {

/// Values (..., C), vectors of 48 at a time, which any of 1, 2, 3 and 4 channels divides.
NACHOS_CLONES void normalize(std::span<const std::uint8_t> pixels, std::span<const float> scale,
                             std::span<const float> offset, float* out) {
    constexpr std::size_t kPeriod = 48;
    const std::size_t channels = scale.size();
    std::size_t i = 0;
    if (kPeriod % channels == 0) {
        float scales[kPeriod], offsets[kPeriod];
        for (std::size_t k = 0; k < kPeriod; ++k) {
            scales[k] = scale[k % channels];
            offsets[k] = offset[k % channels];
        }
        for (; i + kPeriod <= pixels.size(); i += kPeriod)
            for (std::size_t k = 0; k < kPeriod; ++k)
                out[i + k] = static_cast<float>(pixels[i + k]) * scales[k] + offsets[k];
    }
    for (; i < pixels.size(); ++i) out[i] = static_cast<float>(pixels[i]) * scale[i % channels] + offset[i % channels];
}

std::variant<Engine, QuantEngine> engine_of(const model::Model& model, int max_batch) {
    if (model.quantization) return QuantEngine(model, max_batch);
    return Engine(model.net, max_batch);
}

}  // namespace

Classifier::Classifier(const model::Model& model, int max_batch)
    : model_(model), engine_(engine_of(model, max_batch)), heard_(static_cast<std::size_t>(max_batch)) {
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
    Engine* engine = std::get_if<Engine>(&engine_);
    if (engine == nullptr) return;
    engine->start(max_batch);  // once through everything: operators allocate when they first run
    for (int exit = 0; exit < engine->exit_count(); ++exit) engine->advance();
}

void Classifier::start(std::span<const std::uint8_t> pixels, int n) {
    if (auto* quantized = std::get_if<QuantEngine>(&engine_)) return quantized->start(n, pixels);
    auto& engine = std::get<Engine>(engine_);
    normalize(pixels, scale_, offset_, engine.input().data());
    engine.start(n);
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
    for (Heard& heard : heard_) {
        heard.logits.clear();
        heard.gates.clear();
    }
    waiting_.resize(results.size());
    std::iota(waiting_.begin(), waiting_.end(), 0);
    start(pixels, static_cast<int>(results.size()));
    for (int exit = 0; !waiting_.empty(); ++exit) {
        const std::span<const float> outputs = std::visit([](auto& engine) { return engine.advance(); }, engine_);
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
        if (!kept_.empty()) std::visit([&](auto& engine) { engine.keep(kept_); }, engine_);
    }
}

}  // namespace nachos::runtime
