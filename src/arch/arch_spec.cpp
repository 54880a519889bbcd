#include "arch/arch_spec.h"

#include "core/error.h"
#include "core/hash.h"

#include <simdjson.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <numeric>
#include <optional>

namespace nachos::arch {
namespace {

using nlohmann::ordered_json;
using simdjson::dom::element;

constexpr const char* kPublishedSpace = "ofa-mbv3";
constexpr int kMaxList = 256;
constexpr int kMaxValue = 1 << 20;

/// Reads keys of one object and remembers them, so that unknown ones can be refused. By simdjson, for a study of thousands
/// of architectures is read at once.
constexpr std::size_t kShown = 60;  // characters of a message

std::string shown(element value) {
    std::string text = simdjson::minify(value);
    if (text.size() > kShown) text.replace(kShown, std::string::npos, "...");
    return text;
}

class Reader {
  public:
    Reader(simdjson::dom::object object, const std::string& where) : object_(object), where_(where) {}

    int integer(const char* key, std::optional<int> fallback = {}) {
        const auto v = find(key);
        if (!v && fallback) return *fallback;
        need(v.has_value(), key, "is missing");
        return number(*v, key);
    }

    std::vector<int> list(const char* key) {
        std::vector<int> values;
        for (const element item : items(key, "is not a list of whole numbers")) values.push_back(number(item, key));
        return values;
    }

    /// The list at `key`, of at most 256 items; empty where there is none.
    std::vector<element> items(const char* key, const char* otherwise) {
        const auto v = find(key);
        if (!v) return {};
        simdjson::dom::array array;
        need(v->get_array().get(array) == simdjson::SUCCESS && array.size() <= kMaxList, key, otherwise);
        return {array.begin(), array.end()};
    }

    std::optional<element> find(const char* key) {
        known_.emplace_back(key);
        element found;
        if (object_.at_key(key).get(found) != simdjson::SUCCESS) return {};
        return found;
    }

    void need(bool ok, const char* key, const char* what) const {
        require(ok, ErrorKind::bad_data, "{}: key '{}' {}", where_, key, what);
    }

    void refuse_unknown() const {
        for (const auto& [key, value] : object_) {
            require(std::find(known_.begin(), known_.end(), key) != known_.end(), ErrorKind::bad_data,
                    "{}: unknown key '{}'; allowed: {}", where_, key, fmt::join(known_, ", "));
        }
    }

  private:
    int number(element v, const char* key) const {
        std::int64_t whole = -1;
        const bool ok = v.get_int64().get(whole) == simdjson::SUCCESS && whole >= 0 && whole <= kMaxValue;
        if (!ok)
            fail(ErrorKind::bad_data, "{}: key '{}' holds {}, whole numbers from 0 to {} are allowed", where_, key, shown(v),
                 kMaxValue);
        return static_cast<int>(whole);
    }

    simdjson::dom::object object_;
    const std::string& where_;
    std::vector<std::string_view> known_;
};

ExitSpec exit_from_json(element value, const std::string& where) {
    std::int64_t placed = 0;
    if (value.get_int64().get(placed) == simdjson::SUCCESS) {
        require(placed == 0 || placed == 1, ErrorKind::bad_data, "{}: an exit is {}, allowed: 0, 1 or an object", where,
                placed);
        return {.placed = placed == 1};
    }
    simdjson::dom::object object;
    if (value.get_object().get(object) != simdjson::SUCCESS)
        fail(ErrorKind::bad_data, "{}: an exit is {}, allowed: 0, 1 or an object", where, shown(value));
    const std::string place = where + ", exits";
    Reader reader(object, place);
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
    static thread_local simdjson::dom::parser parser;  // keeps its memory
    simdjson::dom::object in;
    const bool object = !text.empty() && parser.parse(text.data(), text.size()).get_object().get(in) == simdjson::SUCCESS;
    require(object, ErrorKind::bad_data, "{}: is not a JSON object", where);
    Reader reader(in, where);
    ArchSpec spec;
    const auto space = reader.find("space");
    reader.need(space && space->is_string(), "space", "is missing or no text");
    spec.space = space->get_string().value();
    spec.resolution = reader.integer("resolution", spec.resolution);
    spec.channels = reader.integer("channels", spec.channels);
    spec.classes = reader.integer("classes", spec.classes);
    spec.stem_stride = reader.integer("stem_stride", spec.stem_stride);
    spec.stem_width = reader.integer("stem_width", spec.stem_width);
    spec.depth = reader.list("depth");
    spec.width = reader.list("width");
    spec.kernel = reader.list("kernel");
    spec.expand = reader.list("expand");
    for (const element e : reader.items("exits", "is not a list")) spec.exits.push_back(exit_from_json(e, where));
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
