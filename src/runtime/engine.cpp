#include "runtime/engine.h"

#include "core/error.h"

#include <cassert>

namespace nachos::runtime {
namespace {

constexpr std::int64_t kAlign = 16;                        // floats: a cache line
constexpr std::int64_t kMaxArena = std::int64_t{1} << 30;  // floats

}  // namespace

Engine::Engine(const arch::NetDesc& net, int max_batch)
    : max_batch_(max_batch), arena_(net, max_batch, kAlign, kReadBehindBytes / static_cast<std::int64_t>(sizeof(float))) {
    assert(max_batch > 0 && !net.exits.empty());
    require(arena_.size() <= kMaxArena, ErrorKind::runtime,
            "the network needs {} bytes for its activations in batches of {}, at most {} are accepted", arena_.size() * 4,
            max_batch, kMaxArena * 4);
    memory_.resize(static_cast<std::size_t>(arena_.size()));
    arena_.place(memory_.data());
    for (const arch::Layer& layer : net.layers) {
        ops_.emplace_back(layer);
        arch::Layer& kept = layers_.emplace_back(layer);
        kept.weight = {};
        kept.bias_values = {};
    }
}

std::span<float> Engine::input() { return {arena_.tensor(0), static_cast<std::size_t>(arena_.elements(0) * max_batch_)}; }

void Engine::start(int n) {
    assert(n > 0 && n <= max_batch_);
    n_ = n;
    next_ = 0;
}

std::span<const float> Engine::advance() {
    assert(next_ < arena_.stages().size());
    const Stage& stage = arena_.stages()[next_++];
    for (std::size_t i = stage.begin; i < stage.end; ++i) {
        const std::vector<int>& inputs = layers_[i].inputs;
        const float* second = inputs.size() > 1 ? arena_.tensor(inputs[1]) : nullptr;
        float* const out = arena_.tensor(static_cast<int>(i) + 1);
        ops_[i].run(n_, arena_.tensor(inputs[0]), second, out);
        if (hook_) hook_(i, n_, out);
    }
    return {arena_.tensor(stage.output), static_cast<std::size_t>(stage.width * n_)};
}

void Engine::keep(std::span<const int> rows) {
    assert(next_ > 0 && static_cast<int>(rows.size()) <= n_);
    if (static_cast<int>(rows.size()) == n_) return;
    arena_.keep(arena_.stages()[next_ - 1], rows);
    n_ = static_cast<int>(rows.size());
}

}  // namespace nachos::runtime
