#include "arch/search_space.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <map>

namespace nachos::arch {
namespace {

/// Appends layers to a network, tracking which exit they are counted to.
class Builder {
  public:
    explicit Builder(NetDesc& net) : net_(net) {}

    void enter(int exit, bool head) {
        exit_ = exit;
        head_ = head;
    }

    int conv(const std::string& name, int x, int out, int kernel, int stride, Activation activation, int groups = 1) {
        Layer l = layer(name, LayerKind::conv, x);
        l.kernel = kernel;
        l.stride = stride;
        l.padding = kernel / 2;
        l.groups = groups;
        l.batch_norm = true;
        l.activation = activation;
        l.out = {out, (l.in.h + 2 * l.padding - kernel) / stride + 1, (l.in.w + 2 * l.padding - kernel) / stride + 1};
        return push(std::move(l));
    }

    int depthwise(const std::string& name, int x, int kernel, int stride, Activation activation) {
        const int c = shape(x).c;
        return conv(name, x, c, kernel, stride, activation, c);
    }

    /// A convolution with a bias and without batch norm (published exit classifiers).
    int plain_conv(const std::string& name, int x, int out, int kernel, Activation activation) {
        const int t = conv(name, x, out, kernel, 1, activation);
        net_.layers.back().batch_norm = false;
        net_.layers.back().bias = true;
        return t;
    }

    int linear(const std::string& name, int x, int out, bool bias, Activation activation) {
        Layer l = layer(name, LayerKind::linear, x);
        l.bias = bias;
        l.activation = activation;
        l.out = {out, 1, 1};
        return push(std::move(l));
    }

    int pool_max(const std::string& name, int x, int window) {
        Layer l = layer(name, LayerKind::max_pool, x);
        l.kernel = l.stride = window;
        l.out = {l.in.c, l.in.h / window, l.in.w / window};
        return push(std::move(l));
    }

    int pool_global(const std::string& name, int x) {
        Layer l = layer(name, LayerKind::global_avg_pool, x);
        l.out = {l.in.c, 1, 1};
        return push(std::move(l));
    }

    int flatten(const std::string& name, int x) {
        Layer l = layer(name, LayerKind::flatten, x);
        l.out = {static_cast<int>(l.in.elements()), 1, 1};
        return push(std::move(l));
    }

    int activation(const std::string& name, int x, Activation activation) {
        Layer l = layer(name, LayerKind::activation, x);
        l.activation = activation;
        return push(std::move(l));
    }

    int add(const std::string& name, int x, int y, Activation activation) {
        Layer l = layer(name, LayerKind::add, x);
        l.inputs.push_back(y);
        l.activation = activation;
        return push(std::move(l));
    }

    int scale(const std::string& name, int x, int factors) {
        Layer l = layer(name, LayerKind::scale, x);
        l.inputs.push_back(factors);
        return push(std::move(l));
    }

    const Shape& shape(int tensor) const { return net_.shape_of(tensor); }

    void exit_point(int site, int tensor, bool has_gate) { net_.exits.push_back({site, tensor, has_gate}); }

  private:
    Layer layer(const std::string& name, LayerKind kind, int x) const {
        Layer l;
        l.name = name;
        l.kind = kind;
        l.inputs = {x};
        l.in = l.out = shape(x);
        l.exit = exit_;
        l.head = head_;
        return l;
    }

    int push(Layer&& l) {
        net_.layers.push_back(std::move(l));
        return static_cast<int>(net_.layers.size());
    }

    NetDesc& net_;
    int exit_ = 0;
    bool head_ = false;
};

int squeeze_excitation(Builder& b, const std::string& name, int x) {
    const int channels = b.shape(x).c;
    int f = b.pool_global(name + ".se_pool", x);
    f = b.linear(name + ".se_reduce", f, round8(std::floor(channels / 4.0)), true, Activation::relu);
    f = b.linear(name + ".se_expand", f, channels, true, Activation::hard_sigmoid);
    return b.scale(name + ".se_scale", x, f);
}

struct BlockSpec {
    std::string name;
    int width;
    int kernel;
    int expand;
    int stride;
};

int inverted_bottleneck(Builder& b, const BlockSpec& block, const StageSpace& stage, int x) {
    const Shape in = b.shape(x);
    const int expanded = round8(std::round(static_cast<double>(in.c) * block.expand));
    int y = x;
    if (expanded != in.c) y = b.conv(block.name + ".expand", x, expanded, 1, 1, stage.activation);
    y = b.depthwise(block.name + ".depthwise", y, block.kernel, block.stride, stage.activation);
    if (stage.squeeze_excitation) y = squeeze_excitation(b, block.name, y);
    y = b.conv(block.name + ".project", y, block.width, 1, 1, Activation::none);
    return b.shape(y) == in ? b.add(block.name + ".add", y, x, Activation::none) : y;
}

int basic_residual(Builder& b, const BlockSpec& block, const StageSpace& stage, int x) {
    int y = b.conv(block.name + ".conv1", x, block.width, block.kernel, block.stride, stage.activation);
    y = b.conv(block.name + ".conv2", y, block.width, block.kernel, 1, Activation::none);
    const int shortcut =
        b.shape(y) == b.shape(x) ? x : b.conv(block.name + ".shortcut", x, block.width, 1, block.stride, Activation::none);
    return b.add(block.name + ".add", y, shortcut, stage.activation);
}

int stem(Builder& b, const SpaceData& data, const ArchSpec& spec) {
    const int x = b.conv("stem", 0, spec.stem_width, 3, spec.stem_stride, data.stem_activation);
    if (!data.first_block) return x;
    int y = b.depthwise("first.depthwise", x, 3, 1, Activation::relu);
    y = b.conv("first.project", y, spec.stem_width, 1, 1, Activation::none);
    return b.add("first.add", y, x, Activation::none);
}

/// One stage; `first_block` is the index of its first block among all blocks present.
int stage_blocks(Builder& b, const SpaceData& data, const ArchSpec& spec, std::size_t s, std::size_t first_block, int x) {
    const StageSpace& stage = data.stages[s];
    for (int i = 0; i < spec.depth[s]; ++i) {
        const std::size_t k = first_block + static_cast<std::size_t>(i);
        const BlockSpec block{.name = fmt::format("stage{}.block{}", s + 1, i + 1),
                              .width = spec.width[s],
                              .kernel = spec.kernel[k],
                              .expand = spec.expand[k],
                              .stride = i == 0 ? stage.stride : 1};
        x = data.block == BlockKind::basic_residual ? basic_residual(b, block, stage, x)
                                                    : inverted_bottleneck(b, block, stage, x);
    }
    return x;
}

int separable_head(Builder& b, const ExitSpec& exit, int site, int classes, int x) {
    const std::string name = fmt::format("exit{}", site);
    if (exit.convs > 0 && exit.pool > 1)
        x = b.pool_max(name + ".pool", x, std::min({exit.pool, b.shape(x).h, b.shape(x).w}));
    for (int i = 1; i <= exit.convs; ++i) {
        x = b.depthwise(fmt::format("{}.conv{}.depthwise", name, i), x, 3, 1, Activation::hard_swish);
        x = b.conv(fmt::format("{}.conv{}.pointwise", name, i), x, exit.width, 1, 1, Activation::hard_swish);
    }
    x = b.pool_global(name + ".global_pool", x);
    return b.linear(fmt::format("{}.linear{}", name, exit.convs), x, classes + 1, true, Activation::none);
}

int published_head(Builder& b, int pool, int site, int classes, int x) {
    const std::string name = fmt::format("exit{}", site);
    x = b.activation(name + ".relu", x, Activation::relu);
    if (pool > 1) x = b.pool_max(name + ".pool", x, pool);
    int i = 0;
    for (const int channels : {32, 64, 128})
        x = b.plain_conv(fmt::format("{}.conv{}", name, ++i), x, channels, 3, Activation::relu);
    x = b.flatten(name + ".flatten", x);
    return b.linear(fmt::format("{}.linear{}", name, b.shape(x).c), x, classes + 1, true, Activation::none);
}

int final_head(Builder& b, const SpaceData& data, int classes, int x) {
    if (data.final_expand > 0) x = b.conv("final.expand", x, data.final_expand, 1, 1, Activation::hard_swish);
    x = b.pool_global("final.pool", x);
    if (data.final_feature > 0) x = b.linear("final.feature", x, data.final_feature, false, Activation::hard_swish);
    return b.linear("final.classifier", x, classes, true, Activation::none);
}

/// The backbone without any exit: where each stage ends.
std::vector<int> backbone(Builder& b, const SpaceData& data, const ArchSpec& spec) {
    std::vector<int> ends;
    int x = stem(b, data, spec);
    std::size_t block = 0;
    for (std::size_t s = 0; s < data.stages.size(); ++s) {
        x = stage_blocks(b, data, spec, s, block, x);
        block += static_cast<std::size_t>(spec.depth[s]);
        ends.push_back(x);
    }
    return ends;
}

NetDesc empty_net(const TaskShape& task) {
    return {.input = {task.channels, task.resolution, task.resolution}, .classes = task.classes, .layers = {}, .exits = {}};
}

/// MACs of all layers up to a tensor.
std::int64_t macs_up_to(const NetDesc& net, int tensor) {
    std::int64_t macs = 0;
    for (int i = 0; i < tensor; ++i) macs += net.layers[static_cast<std::size_t>(i)].macs();
    return macs;
}

/// A published head alone on the map it reads.
NetDesc lone_published_head(const Shape& map, int pool, int site, int classes) {
    NetDesc head{.input = map, .classes = classes, .layers = {}, .exits = {}};
    Builder b(head);
    published_head(b, pool, site, classes, 0);
    return head;
}

std::vector<int> poolings_on(const Shape& map) {
    std::vector<int> poolings;
    for (const int pool : {1, 2, 4})
        if (pool <= std::min(map.h, map.w)) poolings.push_back(pool);
    return poolings;
}

/// The pooling in front of each placed head: built from the last site to the first, 1, 2, then 4 (never larger than the
/// map) until backbone + head costs less than the next exit's. That comparison leaves earlier heads out, as published: with
/// them in, an earlier exit is always the cheaper one.
std::vector<int> published_pools(const SpaceData& data, const ArchSpec& spec, const TaskShape& task) {
    NetDesc net = empty_net(task);
    Builder b(net);
    const std::vector<int> ends = backbone(b, data, spec);
    final_head(b, data, task.classes, ends.back());
    std::int64_t next = macs_up_to(net, static_cast<int>(net.layers.size()));
    std::vector<int> pools(spec.exits.size(), 1);
    for (std::size_t i = spec.exits.size(); i-- > 0;) {
        if (!spec.exits[i].placed) continue;
        const Shape& map = net.shape_of(ends[i]);
        const std::int64_t before = macs_up_to(net, ends[i]);
        std::int64_t cost = 0;
        for (const int pool : poolings_on(map)) {
            const NetDesc head = lone_published_head(map, pool, static_cast<int>(i) + 1, task.classes);
            pools[i] = pool;
            cost = before + macs_up_to(head, static_cast<int>(head.layers.size()));
            if (cost < next) break;
        }
        next = cost;
    }
    return pools;
}

/// Grows `largest[name]` so that it holds every weight of `net`.
void hold_weights(const NetDesc& net, std::map<std::string, Layer>& largest) {
    for (const Layer& l : net.layers) {
        if (!l.has_weights()) continue;
        Layer& big = largest.emplace(l.name, l).first->second;
        const bool depthwise = l.kind == LayerKind::conv && l.groups == l.in.c && l.groups > 1;
        big.out.c = std::max(big.out.c, l.out.c);
        big.in.c = std::max(big.in.c, l.in.c);
        big.groups = depthwise ? big.in.c : 1;
        big.kernel = std::max(big.kernel, l.kernel);
    }
}

/// What a site's exit reads in the largest architecture.
Shape map_of_site(const SearchSpace& space, int site) {
    NetDesc net = empty_net(space.task());
    Builder b(net);
    return net.shape_of(backbone(b, space.data(), space.largest())[static_cast<std::size_t>(site) - 1]);
}

}  // namespace

std::vector<int> SearchSpace::published_poolings(int site) const { return poolings_on(map_of_site(*this, site)); }

NetDesc SearchSpace::published_exit(int site, int pooling) const {
    assert(data_.exit_style == ExitStyle::published);
    return lone_published_head(map_of_site(*this, site), pooling, site, task_.classes);
}

std::vector<Layer> SearchSpace::weight_layers() const {
    std::map<std::string, Layer> largest;
    const Genome most = encode(with_all_exits(this->largest()));
    for (std::size_t g = 0; g < genes_.size(); ++g) {
        for (int choice = 0; choice < static_cast<int>(genes_[g].choices.size()); ++choice) {
            Genome genome = most;
            genome[g] = choice;
            const ArchSpec spec = decode(genome);
            hold_weights(build(spec), largest);
        }
    }
    if (data_.exit_style == ExitStyle::published) {  // which pooling an architecture gets depends on all its genes
        for (int site = 1; site <= sites(); ++site)
            for (const int pooling : published_poolings(site)) hold_weights(published_exit(site, pooling), largest);
    }
    std::vector<Layer> layers;
    for (auto& [name, layer] : largest) layers.push_back(std::move(layer));
    return layers;
}

NetDesc SearchSpace::build(const ArchSpec& given) const {
    const ArchSpec spec = decode(encode(given));
    NetDesc net = empty_net(task_);
    const bool published = data_.exit_style == ExitStyle::published;
    const std::vector<int> pools = published ? published_pools(data_, spec, task_) : std::vector<int>();
    Builder b(net);
    int exit = 0;
    int x = stem(b, data_, spec);
    std::size_t block = 0;
    for (std::size_t s = 0; s < data_.stages.size(); ++s) {
        x = stage_blocks(b, data_, spec, s, block, x);
        block += static_cast<std::size_t>(spec.depth[s]);
        if (s + 1 == data_.stages.size() || !spec.exits[s].placed) continue;
        const int site = static_cast<int>(s) + 1;
        b.enter(exit, true);
        const int logits = published ? published_head(b, pools[s], site, task_.classes, x)
                                     : separable_head(b, spec.exits[s], site, task_.classes, x);
        b.exit_point(site, logits, true);
        b.enter(++exit, false);
    }
    b.enter(exit, true);
    b.exit_point(stages(), final_head(b, data_, task_.classes, x), false);
    return net;
}

}  // namespace nachos::arch
