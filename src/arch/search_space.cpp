#include "arch/search_space.h"

#include "core/error.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <functional>

namespace nachos::arch {
namespace {

using Kind = GeneRef::Kind;

/// An architecture with a value for every gene, those that nobody reads included.
struct Draft {
    int stem_stride = 0;
    int stem_width = 0;
    std::vector<int> depth, width;
    std::vector<std::vector<int>> kernel, expand;
    std::vector<std::array<int, 4>> exits;  // placed, convs, width, pool
};

int deepest(const StageSpace& stage) { return stage.depths.back(); }

Draft empty_draft(const SpaceData& data) {
    Draft draft;
    const std::size_t stages = data.stages.size();
    draft.depth.assign(stages, 0);
    draft.width.assign(stages, 0);
    for (const StageSpace& stage : data.stages) {
        draft.kernel.emplace_back(static_cast<std::size_t>(deepest(stage)), 0);
        draft.expand.emplace_back(static_cast<std::size_t>(deepest(stage)), 0);
    }
    draft.exits.assign(stages - 1, {0, 0, 0, 0});
    return draft;
}

int& slot(Draft& draft, const GeneRef& ref) {
    const auto stage = static_cast<std::size_t>(ref.stage);
    const auto block = static_cast<std::size_t>(ref.block);
    switch (ref.kind) {
        case Kind::stem_stride:
            return draft.stem_stride;
        case Kind::stem_width:
            return draft.stem_width;
        case Kind::depth:
            return draft.depth[stage];
        case Kind::width:
            return draft.width[stage];
        case Kind::kernel:
            return draft.kernel[stage][block];
        case Kind::expand:
            return draft.expand[stage][block];
        case Kind::exit_placed:
            return draft.exits[stage][0];
        case Kind::exit_convs:
            return draft.exits[stage][1];
        case Kind::exit_width:
            return draft.exits[stage][2];
        case Kind::exit_pool:
            break;
    }
    return draft.exits[stage][3];
}

ArchSpec compact(const Draft& draft, const SpaceData& data, const TaskShape& task) {
    ArchSpec spec;
    spec.space = data.name;
    spec.resolution = task.resolution;
    spec.channels = task.channels;
    spec.classes = task.classes;
    spec.stem_stride = draft.stem_stride;
    spec.stem_width = draft.stem_width;
    spec.depth = draft.depth;
    spec.width = draft.width;
    for (std::size_t s = 0; s < draft.depth.size(); ++s) {
        const auto present = draft.depth[s];
        spec.kernel.insert(spec.kernel.end(), draft.kernel[s].begin(), draft.kernel[s].begin() + present);
        spec.expand.insert(spec.expand.end(), draft.expand[s].begin(), draft.expand[s].begin() + present);
    }
    for (const auto& [placed, convs, width, pool] : draft.exits) {
        ExitSpec exit;
        if (placed != 0) exit.placed = true;
        if (placed != 0 && data.exit_style == ExitStyle::separable) {
            exit.convs = convs;
            if (convs > 0) exit.width = width;
            if (convs > 0) exit.pool = pool;
        }
        spec.exits.push_back(exit);
    }
    return spec;
}

/// A list of the spec, or the only value everywhere if it was left out.
std::vector<int> filled(const std::vector<int>& values, std::size_t wanted, const char* key, const std::string& space) {
    if (values.empty()) return std::vector<int>(wanted, 0);
    require(values.size() == wanted, ErrorKind::bad_data, "architecture of space '{}': '{}' has {} entries, {} are needed",
            space, key, values.size(), wanted);
    return values;
}

Draft expanded(const ArchSpec& spec, const SpaceData& data) {
    Draft draft = empty_draft(data);
    draft.stem_stride = spec.stem_stride;
    draft.stem_width = spec.stem_width;
    draft.depth = filled(spec.depth, data.stages.size(), "depth", data.name);
    draft.width = filled(spec.width, data.stages.size(), "width", data.name);
    std::size_t blocks = 0;
    for (std::size_t s = 0; s < draft.depth.size(); ++s) {
        int& depth = draft.depth[s];
        if (depth == 0 && data.stages[s].depths.size() == 1) depth = data.stages[s].depths[0];
        require(depth >= 1 && depth <= deepest(data.stages[s]), ErrorKind::bad_data,
                "architecture of space '{}': stage {} has depth {}, allowed: {}", data.name, s + 1, depth,
                fmt::join(data.stages[s].depths, ", "));
        blocks += static_cast<std::size_t>(depth);
    }
    const std::vector<int> kernel = filled(spec.kernel, blocks, "kernel", data.name);
    const std::vector<int> expand = filled(spec.expand, blocks, "expand", data.name);
    std::size_t next = 0;
    for (std::size_t s = 0; s < draft.depth.size(); ++s) {
        for (std::size_t b = 0; b < static_cast<std::size_t>(draft.depth[s]); ++b, ++next) {
            draft.kernel[s][b] = kernel[next];
            draft.expand[s][b] = expand[next];
        }
    }
    require(spec.exits.empty() || spec.exits.size() == draft.exits.size(), ErrorKind::bad_data,
            "architecture of space '{}': 'exits' has {} entries, {} are needed", data.name, spec.exits.size(),
            draft.exits.size());
    for (std::size_t i = 0; i < spec.exits.size(); ++i) {
        const ExitSpec& e = spec.exits[i];
        draft.exits[i] = {e.placed ? 1 : 0, e.convs, e.width, e.pool};
    }
    return draft;
}

void check_choices(const std::vector<int>& choices, const std::string& space, const std::string& what) {
    require(!choices.empty(), ErrorKind::usage, "space '{}' has no {} to choose from", space, what);
    const bool ascending = std::adjacent_find(choices.begin(), choices.end(), std::greater_equal<>()) == choices.end();
    require(ascending && choices.front() >= 0, ErrorKind::usage,
            "space '{}': {} is {}; needed: from 0, ascending, each once", space, what, fmt::join(choices, ", "));
}

void check(const SpaceData& data) {
    require(!data.stages.empty(), ErrorKind::usage, "space '{}' has no stages", data.name);
    check_choices(data.stem_strides, data.name, "stem_strides");
    check_choices(data.stem_widths, data.name, "stem_widths");
    for (std::size_t s = 0; s < data.stages.size(); ++s) {
        const StageSpace& stage = data.stages[s];
        const auto list = [&](const std::vector<int>& choices, const char* name) {
            check_choices(choices, data.name, fmt::format("stages[{}].{}", s, name));
        };
        list(stage.depths, "depths");
        list(stage.widths, "widths");
        list(stage.kernels, "kernels");
        list(stage.expands, "expands");
        require(stage.stride >= 1 && stage.depths.front() >= 1, ErrorKind::usage,
                "space '{}': stages[{}] has stride {} and depths from {}; needed: at least 1", data.name, s, stage.stride,
                stage.depths.front());
    }
    if (data.exit_style == ExitStyle::published) return;
    check_choices(data.exit_convs, data.name, "exit_convs");
    check_choices(data.exit_widths, data.name, "exit_widths");
    check_choices(data.exit_pools, data.name, "exit_pools");
}

std::string gene_name(const GeneRef& ref) {
    const int stage = ref.stage + 1;
    switch (ref.kind) {
        case Kind::stem_stride:
            return "stem_stride";
        case Kind::stem_width:
            return "stem_width";
        case Kind::depth:
            return fmt::format("stage{}.depth", stage);
        case Kind::width:
            return fmt::format("stage{}.width", stage);
        case Kind::kernel:
            return fmt::format("stage{}.block{}.kernel", stage, ref.block + 1);
        case Kind::expand:
            return fmt::format("stage{}.block{}.expand", stage, ref.block + 1);
        case Kind::exit_placed:
            return fmt::format("exit{}.placed", stage);
        case Kind::exit_convs:
            return fmt::format("exit{}.convs", stage);
        case Kind::exit_width:
            return fmt::format("exit{}.width", stage);
        case Kind::exit_pool:
            break;
    }
    return fmt::format("exit{}.pool", stage);
}

}  // namespace

int round8(double v) {
    const int rounded = std::max(8, static_cast<int>(std::floor((v + 4) / 8)) * 8);
    return rounded < 0.9 * v ? rounded + 8 : rounded;
}

SearchSpace::SearchSpace(SpaceData data, TaskShape task) : data_(std::move(data)), task_(task) {
    check(data_);
    const auto add = [this](GeneRef ref, std::vector<int> choices) {
        refs_.push_back(ref);
        genes_.push_back({gene_name(ref), std::move(choices)});
    };
    add({Kind::stem_stride, 0, 0}, data_.stem_strides);
    add({Kind::stem_width, 0, 0}, data_.stem_widths);
    for (int s = 0; s < stages(); ++s) {
        const StageSpace& stage = data_.stages[static_cast<std::size_t>(s)];
        add({Kind::depth, s, 0}, stage.depths);
        add({Kind::width, s, 0}, stage.widths);
        for (int b = 0; b < deepest(stage); ++b) {
            add({Kind::kernel, s, b}, stage.kernels);
            add({Kind::expand, s, b}, stage.expands);
        }
    }
    for (int s = 0; s < sites(); ++s) {
        add({Kind::exit_placed, s, 0}, {0, 1});
        if (data_.exit_style == ExitStyle::published) continue;
        add({Kind::exit_convs, s, 0}, data_.exit_convs);
        add({Kind::exit_width, s, 0}, data_.exit_widths);
        add({Kind::exit_pool, s, 0}, data_.exit_pools);
    }
}

int SearchSpace::gene_index(const GeneRef& ref) const {
    const auto it = std::find(refs_.begin(), refs_.end(), ref);
    return it == refs_.end() ? -1 : static_cast<int>(it - refs_.begin());
}

ArchSpec SearchSpace::decode(const Genome& genome) const {
    assert(genome.size() == genes_.size());
    Draft draft = empty_draft(data_);
    for (std::size_t g = 0; g < genes_.size(); ++g) {
        slot(draft, refs_[g]) = genes_[g].choices[static_cast<std::size_t>(genome[g])];
    }
    return compact(draft, data_, task_);
}

bool SearchSpace::read(const GeneRef& ref, const ArchSpec& spec) const {
    const auto stage = static_cast<std::size_t>(ref.stage);
    switch (ref.kind) {
        case Kind::stem_stride:
        case Kind::stem_width:
        case Kind::depth:
        case Kind::width:
        case Kind::exit_placed:
            return true;
        case Kind::kernel:
        case Kind::expand:
            return ref.block < spec.depth[stage];
        case Kind::exit_convs:
            return spec.exits[stage].placed;
        case Kind::exit_width:
        case Kind::exit_pool:
            break;
    }
    return spec.exits[stage].placed && spec.exits[stage].convs > 0;
}

Genome SearchSpace::encode(const ArchSpec& spec) const {
    require(spec.space == data_.name, ErrorKind::bad_data, "an architecture of space '{}' was given, space '{}' is needed",
            spec.space, data_.name);
    require(spec.resolution == task_.resolution && spec.channels == task_.channels && spec.classes == task_.classes,
            ErrorKind::bad_data,
            "an architecture for resolution {}, {} channels, {} classes was given, the task has {}, {}, {}", spec.resolution,
            spec.channels, spec.classes, task_.resolution, task_.channels, task_.classes);
    Draft draft = expanded(spec, data_);
    ArchSpec complete = spec;  // with the lists that were left out, for read()
    complete.depth = draft.depth;
    complete.exits.resize(draft.exits.size());
    Genome genome(genes_.size(), 0);
    for (std::size_t g = 0; g < genes_.size(); ++g) {
        if (!read(refs_[g], complete)) continue;
        const std::vector<int>& choices = genes_[g].choices;
        const int value = slot(draft, refs_[g]);
        if (value == 0 && choices.size() == 1) continue;  // left out, and there is only one
        const auto it = std::find(choices.begin(), choices.end(), value);
        require(it != choices.end(), ErrorKind::bad_data, "architecture of space '{}': {} is {}, allowed: {}", data_.name,
                genes_[g].name, value, fmt::join(choices, ", "));
        genome[g] = static_cast<int>(it - choices.begin());
    }
    return genome;
}

Genome SearchSpace::repair(Genome genome) const {
    for (std::size_t g = 0; g < genes_.size(); ++g) {
        genome[g] = std::clamp(genome[g], 0, static_cast<int>(genes_[g].choices.size()) - 1);
    }
    return encode(decode(genome));
}

Genome SearchSpace::sample(core::Rng& rng) const {
    Genome genome;
    for (const Gene& gene : genes_) genome.push_back(static_cast<int>(rng.below(gene.choices.size())));
    return repair(std::move(genome));
}

ArchSpec SearchSpace::smallest() const {
    Genome genome(genes_.size(), 0);
    genome[0] = static_cast<int>(genes_[0].choices.size()) - 1;  // gene 0 is the stem's stride: the larger one costs less
    return decode(genome);
}

ArchSpec SearchSpace::largest() const {
    Genome genome;
    for (std::size_t g = 0; g < genes_.size(); ++g) {
        const bool least = refs_[g].kind == Kind::exit_placed || refs_[g].kind == Kind::stem_stride;
        genome.push_back(least ? 0 : static_cast<int>(genes_[g].choices.size()) - 1);
    }
    return decode(genome);
}

ArchSpec SearchSpace::with_all_exits(ArchSpec spec) const {
    for (ExitSpec& e : spec.exits) {
        e = {.placed = true};
        if (data_.exit_style == ExitStyle::published) continue;
        e.convs = data_.exit_convs.back();
        if (e.convs > 0) e.width = data_.exit_widths.back();
        e.pool = e.convs > 0 ? data_.exit_pools.back() : 1;
    }
    return spec;
}

}  // namespace nachos::arch
