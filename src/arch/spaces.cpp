#include "arch/spaces.h"

#include "core/error.h"

#include <algorithm>
#include <string_view>

namespace nachos::arch {
namespace {

constexpr SpaceRow kSpaces[] = {
    {"mbv3-small", "narrow MobileNetV3 blocks for 28 to 64 pixels; width and exit design are searched", mbv3_small},
    {"ofa-mbv3", "the published space: MobileNetV3 as in Once-for-all, with the published adaptive exits", ofa_mbv3},
    {"resnet8", "ResNet-8 of MLPerf Tiny; width, depth and exit design are searched", resnet8},
};

const SpaceRow& row_of(const std::string& name, ErrorKind kind) {
    std::string known;
    for (const SpaceRow& row : kSpaces) {
        if (row.name == name) return row;
        known += (known.empty() ? "'" : ", '") + std::string(row.name) + "'";
    }
    fail(kind, "space '{}' is not known; allowed: {}", name, known);
}

/// Replaces a list of choices by the user's, sorted, after checking each value.
void override_choices(std::vector<int>& choices, std::vector<int> wanted, const char* key, int min, int max, bool odd) {
    if (wanted.empty()) return;
    for (const int v : wanted) {
        require(v >= min && v <= max && (!odd || v % 2 == 1), ErrorKind::usage,
                "space.{} holds {}; allowed: {} from {} to {}", key, v, odd ? "odd numbers" : "whole numbers", min, max);
    }
    std::sort(wanted.begin(), wanted.end());
    wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
    choices = std::move(wanted);
}

/// The published space may be narrowed, not widened: ARCH.json could not say so.
void require_subset(const std::vector<int>& wanted, const std::vector<int>& own, const char* key) {
    for (const int v : wanted) {
        require(std::find(own.begin(), own.end(), v) != own.end(), ErrorKind::usage,
                "space.{} holds {}; allowed in the published space: {}", key, v, fmt::join(own, ", "));
    }
}

void require_stages(const std::vector<std::vector<int>>& lists, const SpaceData& data, const char* key) {
    require(lists.empty() || lists.size() == data.stages.size(), ErrorKind::usage,
            "space.{} has {} lists, space '{}' needs one for each of its {} stages", key, lists.size(), data.name,
            data.stages.size());
}

void apply(const SpaceOptions& options, SpaceData& data) {
    const bool published = data.exit_style == ExitStyle::published;
    require(!published || (options.width.empty() && options.width_multiplier == 1.0 && options.stem_stride.empty() &&
                           options.stem_width.empty()),
            ErrorKind::usage, "space.width, width_multiplier, stem_stride and stem_width: those of '{}' are fixed",
            data.name);
    require(data.block == BlockKind::inverted_bottleneck || options.expand.empty(), ErrorKind::usage,
            "space.expand: the blocks of '{}' have no expansion", data.name);
    require_stages(options.depth, data, "depth");
    require_stages(options.width, data, "width");
    require(!published || (options.exit_convs.empty() && options.exit_width.empty() && options.exit_pool.empty()),
            ErrorKind::usage, "space.exit_convs, exit_width and exit_pool: the exit design of '{}' is fixed", data.name);
    override_choices(data.exit_convs, options.exit_convs, "exit_convs", 0, 2, false);
    override_choices(data.exit_widths, options.exit_width, "exit_width", 1, 4096, false);
    override_choices(data.exit_pools, options.exit_pool, "exit_pool", 1, 16, false);
    override_choices(data.stem_widths, options.stem_width, "stem_width", 1, 4096, false);
    override_choices(data.stem_strides, options.stem_stride, "stem_stride", 1, 4, false);
    for (std::size_t s = 0; s < data.stages.size(); ++s) {
        StageSpace& stage = data.stages[s];
        if (published) {
            if (!options.depth.empty()) require_subset(options.depth[s], stage.depths, "depth");
            require_subset(options.kernel, stage.kernels, "kernel");
            require_subset(options.expand, stage.expands, "expand");
        }
        for (int& w : stage.widths) w = published ? w : round8(w * options.width_multiplier);
        stage.widths.erase(std::unique(stage.widths.begin(), stage.widths.end()), stage.widths.end());
        if (!options.depth.empty()) override_choices(stage.depths, options.depth[s], "depth", 1, 16, false);
        if (!options.width.empty()) override_choices(stage.widths, options.width[s], "width", 1, 4096, false);
        override_choices(stage.kernels, options.kernel, "kernel", 1, 15, true);
        override_choices(stage.expands, options.expand, "expand", 1, 16, false);
    }
}

/// Adds a value the architecture has to a list of choices, if it is a sane one: studies may search other widths than ours.
void accept(std::vector<int>& choices, int value, int min, int max, bool odd) {
    if (value < min || value > max || (odd && value % 2 == 0)) return;
    if (std::find(choices.begin(), choices.end(), value) != choices.end()) return;
    choices.insert(std::upper_bound(choices.begin(), choices.end(), value), value);
}

void accept_all(SpaceData& data, const ArchSpec& spec) {
    if (data.exit_style == ExitStyle::published) return;  // the published space is what it is
    for (const ExitSpec& e : spec.exits) {
        accept(data.exit_convs, e.convs, 0, 2, false);
        accept(data.exit_widths, e.width, 1, 4096, false);
        accept(data.exit_pools, e.pool, 1, 16, false);
    }
    accept(data.stem_strides, spec.stem_stride, 1, 4, false);
    accept(data.stem_widths, spec.stem_width, 1, 4096, false);
    std::size_t block = 0;
    for (std::size_t s = 0; s < data.stages.size(); ++s) {
        StageSpace& stage = data.stages[s];
        if (s < spec.width.size()) accept(stage.widths, spec.width[s], 1, 4096, false);
        const int depth = s < spec.depth.size() ? spec.depth[s] : 0;
        accept(stage.depths, depth, 1, 16, false);
        for (int b = 0; b < depth && block < spec.kernel.size() && block < spec.expand.size(); ++b, ++block) {
            accept(stage.kernels, spec.kernel[block], 1, 15, true);
            accept(stage.expands, spec.expand[block], 1, 16, false);
        }
    }
}

}  // namespace

std::span<const SpaceRow> spaces() { return kSpaces; }

void SpaceOptions::describe(core::OptionVisitor& v) {
    std::vector<std::string_view> names;
    for (const SpaceRow& row : kSpaces) names.emplace_back(row.name);
    v.field({"name", "search space", 0, 0, names}, name);
    v.field({"width_multiplier", "scales every stage width (not of ofa-mbv3), rounded to multiples of 8", 0.01, 8},
            width_multiplier);
    v.field({"stem_stride", "allowed strides of the first convolution; empty = the space's own", 1, 4}, stem_stride);
    v.field({"stem_width", "allowed channels of the first convolution; empty = the space's own", 1, 4096}, stem_width);
    v.field({"depth", "allowed blocks per stage, one list a stage; empty = the space's own", 1, 16}, depth);
    v.field({"width", "allowed output channels per stage, one list a stage; empty = the space's own", 1, 4096}, width);
    v.field({"kernel", "allowed kernel sizes, odd; empty = the space's own", 1, 15}, kernel);
    v.field({"expand", "allowed expansion ratios; empty = the space's own", 1, 16}, expand);
    v.field({"exit_convs", "allowed depthwise-separable convolutions in an exit; empty = the space's own", 0, 4},
            exit_convs);
    v.field({"exit_width", "allowed output channels of an exit's convolutions; empty = the space's own", 1, 4096},
            exit_width);
    v.field({"exit_pool", "allowed max poolings in front of an exit's convolutions; empty = the space's own", 1, 16},
            exit_pool);
}

SearchSpace make_space(const SpaceOptions& options, const TaskShape& task) {
    SpaceData data = row_of(options.name, ErrorKind::usage).make();
    apply(options, data);
    return SearchSpace(std::move(data), task);
}

SearchSpace space_of(const ArchSpec& spec) {
    SpaceData data = row_of(spec.space, ErrorKind::bad_data).make();
    require(spec.resolution >= 8 && spec.resolution <= 4096, ErrorKind::bad_data,
            "architecture of space '{}': resolution {}, allowed: 8 to 4096", spec.space, spec.resolution);
    require(spec.channels == 1 || spec.channels == 3, ErrorKind::bad_data,
            "architecture of space '{}': {} channels, allowed: 1, 3", spec.space, spec.channels);
    require(spec.classes >= 2 && spec.classes <= 65535, ErrorKind::bad_data,
            "architecture of space '{}': {} classes, allowed: 2 to 65535", spec.space, spec.classes);
    accept_all(data, spec);
    return SearchSpace(std::move(data), {spec.resolution, spec.channels, spec.classes});
}

}  // namespace nachos::arch
