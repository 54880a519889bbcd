#include "arch/net_builder.h"
#include "arch/search_space.h"
#include "core/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <map>

namespace nachos::arch {
namespace {

int squeeze_excitation(NetBuilder& b, const std::string& name, int x) {
    const int channels = b.shape(x).c;
    int f = b.pool_global(name + ".se_pool", x);
    f = b.linear(name + ".se_reduce", f, round8(std::floor(channels / 4.0)), true, Activation::relu);
    f = b.linear(name + ".se_expand", f, channels, true, Activation::hard_sigmoid);
    return b.scale(name + ".se_scale", x, f);
}

int inverted_bottleneck(NetBuilder& b, const BlockSpec& block, const StageSpace& stage, int x) {
    const Shape in = b.shape(x);
    const int expanded = round8(std::round(static_cast<double>(in.c) * block.expand));
    int y = x;
    if (expanded != in.c) y = b.conv(block.name + ".expand", x, expanded, 1, 1, stage.activation);
    y = b.depthwise(block.name + ".depthwise", y, block.kernel, block.stride, stage.activation);
    if (stage.squeeze_excitation) y = squeeze_excitation(b, block.name, y);
    y = b.conv(block.name + ".project", y, block.width, 1, 1, Activation::none);
    return b.shape(y) == in ? b.add(block.name + ".add", y, x, Activation::none) : y;
}

int basic_residual(NetBuilder& b, const BlockSpec& block, const StageSpace& stage, int x) {
    int y = b.conv(block.name + ".conv1", x, block.width, block.kernel, block.stride, stage.activation);
    y = b.conv(block.name + ".conv2", y, block.width, block.kernel, 1, Activation::none);
    const int shortcut =
        b.shape(y) == b.shape(x) ? x : b.conv(block.name + ".shortcut", x, block.width, 1, block.stride, Activation::none);
    return b.add(block.name + ".add", y, shortcut, stage.activation);
}

int one_block(NetBuilder& b, const SpaceData& data, const BlockSpec& block, const StageSpace& stage, int x) {
    if (data.build_block) {
        const Shape in = b.shape(x);
        const int y = data.build_block(b, block, stage, x);
        const Shape wanted{block.width, (in.h - 1) / block.stride + 1, (in.w - 1) / block.stride + 1};
        const Shape& got = b.shape(y);
        require(got == wanted, ErrorKind::usage, "space '{}': {} gives a map of {} x {} x {}, {} x {} x {} is needed",
                data.name, block.name, got.c, got.h, got.w, wanted.c, wanted.h, wanted.w);
        return y;
    }
    return data.block == BlockKind::basic_residual ? basic_residual(b, block, stage, x)
                                                   : inverted_bottleneck(b, block, stage, x);
}

int stem(NetBuilder& b, const SpaceData& data, const ArchSpec& spec) {
    const int x = b.conv("stem", 0, spec.stem_width, 3, spec.stem_stride, data.stem_activation);
    if (!data.first_block) return x;
    int y = b.depthwise("first.depthwise", x, 3, 1, Activation::relu);
    y = b.conv("first.project", y, spec.stem_width, 1, 1, Activation::none);
    return b.add("first.add", y, x, Activation::none);
}

/// One stage; `first_block` is the index of its first block among all blocks present.
int stage_blocks(NetBuilder& b, const SpaceData& data, const ArchSpec& spec, std::size_t s, std::size_t first_block, int x) {
    const StageSpace& stage = data.stages[s];
    for (int i = 0; i < spec.depth[s]; ++i) {
        const std::size_t k = first_block + static_cast<std::size_t>(i);
        const BlockSpec block{.name = fmt::format("stage{}.block{}", s + 1, i + 1),
                              .width = spec.width[s],
                              .kernel = spec.kernel[k],
                              .expand = spec.expand[k],
                              .stride = i == 0 ? stage.stride : 1};
        x = one_block(b, data, block, stage, x);
    }
    return x;
}

int separable_head(NetBuilder& b, const ExitSpec& exit, int site, int classes, int x) {
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

int published_head(NetBuilder& b, int pool, int site, int classes, int x) {
    const std::string name = fmt::format("exit{}", site);
    x = b.activation(name + ".relu", x, Activation::relu);
    if (pool > 1) x = b.pool_max(name + ".pool", x, pool);
    int i = 0;
    for (const int channels : {32, 64, 128})
        x = b.plain_conv(fmt::format("{}.conv{}", name, ++i), x, channels, 3, Activation::relu);
    x = b.flatten(name + ".flatten", x);
    return b.linear(fmt::format("{}.linear{}", name, b.shape(x).c), x, classes + 1, true, Activation::none);
}

int final_head(NetBuilder& b, const SpaceData& data, int classes, int x) {
    if (data.final_expand > 0) x = b.conv("final.expand", x, data.final_expand, 1, 1, Activation::hard_swish);
    x = b.pool_global("final.pool", x);
    if (data.final_feature > 0) x = b.linear("final.feature", x, data.final_feature, false, Activation::hard_swish);
    return b.linear("final.classifier", x, classes, true, Activation::none);
}

/// The backbone without any exit: where each stage ends.
std::vector<int> backbone(NetBuilder& b, const SpaceData& data, const ArchSpec& spec) {
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
    NetBuilder b(head);
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
    NetBuilder b(net);
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
    NetBuilder b(net);
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
    NetBuilder b(net);
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
