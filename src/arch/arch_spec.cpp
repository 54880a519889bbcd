#include "arch/arch_spec.h"

#include "core/error.h"
#include "core/hash.h"
#include "core/json_reader.h"

#include <algorithm>
#include <numeric>
#include <optional>

namespace nachos::arch {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr const char* kPublishedSpace = "ofa-mbv3";
constexpr int kMaxList = 256;
constexpr int kMaxValue = 1 << 20;

/// Reads keys of one object and remembers them, so that unknown ones can be refused.
class Reader {
  public:
    Reader(const json& object, std::string where) : object_(object), where_(std::move(where)) {}

    int integer(const char* key, std::optional<int> fallback = {}) {
        const json* v = find(key);
        if (v == nullptr && fallback) return *fallback;
        need(v != nullptr, key, "is missing");
        return number(*v, key);
    }

    std::vector<int> list(const char* key) {
        const json* v = find(key);
        if (v == nullptr) return {};
        need(v->is_array() && v->size() <= kMaxList, key, "is not a list of whole numbers");
        std::vector<int> values;
        for (const json& item : *v) values.push_back(number(item, key));
        return values;
    }

    const json* find(const char* key) {
        known_.emplace_back(key);
        const auto it = object_.find(key);
        return it == object_.end() ? nullptr : &*it;
    }

    void need(bool ok, const char* key, const char* what) const {
        require(ok, ErrorKind::bad_data, "{}: key '{}' {}", where_, key, what);
    }

    void refuse_unknown() const {
        for (const auto& [key, value] : object_.items()) {
            require(std::find(known_.begin(), known_.end(), key) != known_.end(), ErrorKind::bad_data,
                    "{}: unknown key '{}'; allowed: {}", where_, key, fmt::join(known_, ", "));
        }
    }

  private:
    int number(const json& v, const char* key) const {
        require(v.is_number_integer() && v.get<std::int64_t>() >= 0 && v.get<std::int64_t>() <= kMaxValue,
                ErrorKind::bad_data, "{}: key '{}' holds {}, whole numbers from 0 to {} are allowed", where_, key,
                core::shown(v), kMaxValue);
        return v.get<int>();
    }

    const json& object_;
    std::string where_;
    std::vector<std::string> known_;
};

ExitSpec exit_from_json(const json& value, const std::string& where) {
    if (value.is_number_integer()) {
        const auto placed = value.get<std::int64_t>();
        require(placed == 0 || placed == 1, ErrorKind::bad_data, "{}: an exit is {}, allowed: 0, 1 or an object", where,
                placed);
        return {.placed = placed == 1};
    }
    require(value.is_object(), ErrorKind::bad_data, "{}: an exit is {}, allowed: 0, 1 or an object", where,
            core::shown(value));
    Reader reader(value, where + ", exits");
    ExitSpec exit{.placed = true};
    exit.convs = reader.integer("convs", 0);
    exit.width = reader.integer("width", 0);
    exit.pool = reader.integer("pool", 1);
    reader.refuse_unknown();
    return exit;
}

}  // namespace

int ArchSpec::placed_exits() const {
    return static_cast<int>(std::count_if(exits.begin(), exits.end(), [](const ExitSpec& e) { return e.placed; }));
}

std::string to_json(const ArchSpec& spec) {
    ordered_json out;
    out["space"] = spec.space;
    out["resolution"] = spec.resolution;
    out["channels"] = spec.channels;
    out["classes"] = spec.classes;
    const bool published = spec.space == kPublishedSpace;
    if (!published) out["stem_stride"] = spec.stem_stride;
    if (!published) out["stem_width"] = spec.stem_width;
    out["depth"] = spec.depth;
    if (!published) out["width"] = spec.width;
    out["kernel"] = spec.kernel;
    out["expand"] = spec.expand;
    out["exits"] = ordered_json::array();
    for (const ExitSpec& e : spec.exits) {
        if (!e.placed || published) {
            out["exits"].push_back(e.placed ? 1 : 0);
        } else {
            out["exits"].push_back({{"convs", e.convs}, {"width", e.width}, {"pool", e.pool}});
        }
    }
    return out.dump();
}

ArchSpec spec_from_json(std::string_view text, const std::string& where) {
    const json in = core::parse_json(text, where);
    require(in.is_object(), ErrorKind::bad_data, "{}: is not a JSON object", where);
    Reader reader(in, where);
    ArchSpec spec;
    const json* space = reader.find("space");
    reader.need(space != nullptr && space->is_string(), "space", "is missing or no text");
    spec.space = space->get<std::string>();
    spec.resolution = reader.integer("resolution", spec.resolution);
    spec.channels = reader.integer("channels", spec.channels);
    spec.classes = reader.integer("classes", spec.classes);
    spec.stem_stride = reader.integer("stem_stride", spec.stem_stride);
    spec.stem_width = reader.integer("stem_width", spec.stem_width);
    spec.depth = reader.list("depth");
    spec.width = reader.list("width");
    spec.kernel = reader.list("kernel");
    spec.expand = reader.list("expand");
    const json* exits = reader.find("exits");
    reader.need(exits == nullptr || (exits->is_array() && exits->size() <= kMaxList), "exits", "is not a list");
    if (exits != nullptr) {
        for (const json& e : *exits) spec.exits.push_back(exit_from_json(e, where));
    }
    reader.refuse_unknown();
    const std::int64_t blocks = std::accumulate(spec.depth.begin(), spec.depth.end(), std::int64_t{0});
    reader.need(blocks <= kMaxList, "depth", "sums to more than 256 blocks");
    return spec;
}

std::string arch_id(const ArchSpec& spec) { return core::hash_hex(to_json(spec)).substr(0, 12); }

ArchSpec without_exits(ArchSpec spec) {
    for (ExitSpec& e : spec.exits) e = ExitSpec{};
    return spec;
}

}  // namespace nachos::arch
