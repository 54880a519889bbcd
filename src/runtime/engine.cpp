#include "runtime/engine.h"

#include "core/error.h"

#include <algorithm>
#include <cassert>

namespace nachos::runtime {
namespace {

constexpr std::int64_t kAlign = 16;                        // floats: a cache line
constexpr std::int64_t kMaxArena = std::int64_t{1} << 30;  // floats
constexpr std::int64_t kSpare = kReadBehindBytes / static_cast<std::int64_t>(sizeof(float));

std::vector<Lifetime> batch_lifetimes(const arch::NetDesc& net, int batch) {
    std::vector<Lifetime> lives = lifetimes_of(net);
    for (Lifetime& l : lives) l.size = (l.size * batch + kSpare + kAlign - 1) / kAlign * kAlign;
    return lives;
}

}  // namespace

Engine::Engine(const arch::NetDesc& net, int max_batch)
    : max_batch_(max_batch), plan_(plan_memory(batch_lifetimes(net, max_batch))) {
    assert(max_batch > 0 && !net.exits.empty());
    require(plan_.size <= kMaxArena, ErrorKind::runtime,
            "the network needs {} bytes for its activations in batches of {}, at most {} are accepted", plan_.size * 4,
            max_batch, kMaxArena * 4);
    arena_.resize(static_cast<std::size_t>(plan_.size));
    elements_.push_back(net.input.elements());
    for (const arch::Layer& layer : net.layers) {
        ops_.emplace_back(layer);
        arch::Layer& kept = layers_.emplace_back(layer);
        kept.weight = {};
        kept.bias_values = {};
        elements_.push_back(layer.out.elements());
    }
    const std::vector<Lifetime> lives = lifetimes_of(net);
    std::size_t begin = 0;
    for (std::size_t e = 0; e < net.exits.size(); ++e) {
        std::size_t end = begin;
        while (end < layers_.size() && static_cast<std::size_t>(layers_[end].exit) <= e) ++end;
        Stage stage{begin, end, net.exits[e].tensor, net.shape_of(net.exits[e].tensor).elements(), {}};
        for (std::size_t t = 0; t <= end; ++t) {
            if (lives[t].last >= static_cast<int>(end)) stage.needed.push_back(t);
        }
        exits_.push_back(std::move(stage));
        begin = end;
    }
}

std::span<float> Engine::input() { return {tensor(0), static_cast<std::size_t>(elements_[0] * max_batch_)}; }

void Engine::start(int n) {
    assert(n > 0 && n <= max_batch_);
    n_ = n;
    next_ = 0;
}

std::span<const float> Engine::advance() {
    assert(next_ < exits_.size());
    const Stage& stage = exits_[next_++];
    for (std::size_t i = stage.begin; i < stage.end; ++i) {
        const std::vector<int>& inputs = layers_[i].inputs;
        const float* second = inputs.size() > 1 ? tensor(static_cast<std::size_t>(inputs[1])) : nullptr;
        ops_[i].run(n_, tensor(static_cast<std::size_t>(inputs[0])), second, tensor(i + 1));
        if (hook_) hook_(i, n_, tensor(i + 1));
    }
    return {tensor(static_cast<std::size_t>(stage.output)), static_cast<std::size_t>(stage.width * n_)};
}

void Engine::keep(std::span<const int> rows) {
    assert(next_ > 0 && static_cast<int>(rows.size()) <= n_ && std::is_sorted(rows.begin(), rows.end()));
    if (static_cast<int>(rows.size()) == n_) return;
    for (const std::size_t t : exits_[next_ - 1].needed) {
        const std::int64_t size = elements_[t];
        float* to = tensor(t);
        for (const int row : rows) {
            const float* from = tensor(t) + row * size;
            if (to != from) std::copy_n(from, size, to);
            to += size;
        }
    }
    n_ = static_cast<int>(rows.size());
}

}  // namespace nachos::runtime
