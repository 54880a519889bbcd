#include "cost/latency_table.h"

#include "core/error.h"
#include "core/json_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <tuple>

namespace nachos::cost {
namespace {

using arch::Shape;
using nlohmann::ordered_json;

constexpr int kSchemaVersion = 1;
constexpr std::size_t kMostLayers = 100000;
constexpr double kMostUs = 1e9;

auto ordered(const LayerKey& k) {
    return std::make_tuple(k.kind, k.in.c, k.in.h, k.in.w, k.out.c, k.out.h, k.out.w, k.kernel, k.stride, k.groups,
                           k.activation);
}

std::string text_of(const Shape& s) { return fmt::format("{}x{}x{}", s.c, s.h, s.w); }

ordered_json json_of(const Shape& s) { return ordered_json::array({s.c, s.h, s.w}); }

Shape shape_from(const core::JsonReader& in, const char* key, const std::string& where) {
    const std::vector<int> sizes = in.integers(key);
    require(sizes.size() == 3 && sizes[0] > 0 && sizes[1] > 0 && sizes[2] > 0, ErrorKind::bad_data,
            "{}: key '{}' is [{}], three sizes above 0 are needed", where, key, fmt::join(sizes, ", "));
    return {sizes[0], sizes[1], sizes[2]};
}

int positive(const core::JsonReader& in, const char* key, const std::string& where) {
    const int value = in.integer(key);
    require(value > 0, ErrorKind::bad_data, "{}: key '{}' is {}, a number above 0 is needed", where, key, value);
    return value;
}

double microseconds(const core::JsonReader& in, const char* key, const std::string& where) {
    const double us = in.number(key);
    require(us >= 0 && us <= kMostUs, ErrorKind::bad_data, "{}: key '{}' is {}, 0 to {} microseconds are allowed", where,
            key, us, kMostUs);
    return us;
}

void add_layer(const core::JsonReader& in, const std::string& where, LatencyTable& table) {
    LayerKey key;
    key.kind = arch::layer_kind_from(in.text("kind"), where);
    key.in = shape_from(in, "in", where);
    key.out = shape_from(in, "out", where);
    key.kernel = positive(in, "kernel", where);
    key.stride = positive(in, "stride", where);
    key.groups = positive(in, "groups", where);
    key.activation = arch::activation_from(in.text("activation"), where);
    const LayerLatency latency{.median_us = microseconds(in, "median_us", where),
                               .spread_us = microseconds(in, "spread_us", where),
                               .samples = positive(in, "samples", where)};
    require(table.layers.emplace(key, latency).second, ErrorKind::bad_data, "{}: the layer '{}' stands there twice", where,
            text_of(key));
}

ordered_json json_of(const LatencyCheck& c) {
    return {{"designs", c.designs},   {"median_error", c.median_error}, {"p90_error", c.p90_error},
            {"spearman", c.spearman}, {"kendall", c.kendall},           {"spearman_whole_networks", c.spearman_whole}};
}

LatencyCheck check_from(const core::JsonReader& in) {
    return {.designs = in.integer("designs"),
            .median_error = in.number("median_error"),
            .p90_error = in.number("p90_error"),
            .spearman = in.number("spearman"),
            .kendall = in.number("kendall"),
            .spearman_whole = in.number("spearman_whole_networks")};
}

}  // namespace

bool operator<(const LayerKey& a, const LayerKey& b) { return ordered(a) < ordered(b); }

LayerKey key_of(const arch::Layer& l) { return {l.kind, l.in, l.out, l.kernel, l.stride, l.groups, l.activation}; }

std::string text_of(const LayerKey& k) {
    return fmt::format("{} {} to {}, kernel {}, stride {}, groups {}, {}", arch::to_string(k.kind), text_of(k.in),
                       text_of(k.out), k.kernel, k.stride, k.groups, arch::to_string(k.activation));
}

std::vector<double> latency_us(const arch::NetDesc& net, const LatencyTable& table) {
    require(net.input == table.input && net.classes == table.classes, ErrorKind::bad_data,
            "the latency table is for inputs {} and {} classes, the network has {} and {}", text_of(table.input),
            table.classes, text_of(net.input), net.classes);
    std::vector<double> own(net.exits.size(), table.exit_us);
    own[0] += table.inference_us;
    for (const arch::Layer& layer : net.layers) {
        const auto found = table.layers.find(key_of(layer));
        require(found != table.layers.end(), ErrorKind::bad_data, "the latency table lacks the layer '{}' ({})", layer.name,
                text_of(key_of(layer)));
        own[static_cast<std::size_t>(layer.exit)] += found->second.median_us;
    }
    for (std::size_t e = 1; e < own.size(); ++e) own[e] += own[e - 1];
    return own;
}

std::string to_json(const LatencyTable& t) {
    ordered_json out = {{"schema_version", kSchemaVersion},
                        {"cpu", t.device.cpu},
                        {"threads", t.device.threads},
                        {"data_type", t.device.data_type},
                        {"runtime_version", t.device.runtime_version},
                        {"commit", t.commit},
                        {"date", t.date},
                        {"input", json_of(t.input)},
                        {"classes", t.classes},
                        {"inference_us", t.inference_us},
                        {"exit_us", t.exit_us},
                        {"check", json_of(t.check)}};
    std::string text = core::to_text(out);
    text.pop_back();  // the brace: layers follow, each on a line of its own
    text += ", \"layers\": [";
    const char* separator = "\n";
    for (const auto& [key, latency] : t.layers) {
        text += separator + core::to_text({{"kind", arch::to_string(key.kind)},
                                           {"in", json_of(key.in)},
                                           {"out", json_of(key.out)},
                                           {"kernel", key.kernel},
                                           {"stride", key.stride},
                                           {"groups", key.groups},
                                           {"activation", arch::to_string(key.activation)},
                                           {"median_us", latency.median_us},
                                           {"spread_us", latency.spread_us},
                                           {"samples", latency.samples}});
        separator = ",\n";
    }
    return text + "\n]}\n";
}

LatencyTable latency_table_from(std::string_view text, const std::string& where) {
    const nlohmann::json parsed = core::parse_json(text, where);
    const core::JsonReader in(parsed, where);
    const int version = in.integer("schema_version");
    require(version == kSchemaVersion, ErrorKind::bad_data, "{}: schema version is {}, this program knows {}", where,
            version, kSchemaVersion);
    LatencyTable table;
    table.device = {.cpu = in.text("cpu"),
                    .threads = positive(in, "threads", where),
                    .data_type = in.text("data_type"),
                    .runtime_version = in.text("runtime_version")};
    table.commit = in.text("commit");
    table.date = in.text("date");
    table.input = shape_from(in, "input", where);
    table.classes = positive(in, "classes", where);
    table.inference_us = microseconds(in, "inference_us", where);
    table.exit_us = microseconds(in, "exit_us", where);
    table.check = check_from(in.object("check"));
    const std::vector<core::JsonReader> layers = in.objects("layers");
    require(!layers.empty() && layers.size() <= kMostLayers, ErrorKind::bad_data,
            "{}: key 'layers' has {} entries, 1 to {} are allowed", where, layers.size(), kMostLayers);
    for (std::size_t i = 0; i < layers.size(); ++i) add_layer(layers[i], fmt::format("{}, layers[{}]", where, i), table);
    return table;
}

std::string mismatch(const LatencyTable& table, const Device& here) {
    std::string differs;
    const auto compare = [&](const char* what, const auto& then, const auto& now) {
        if (then != now)
            differs += fmt::format("{}{} is '{}', here it is '{}'", differs.empty() ? "" : ", ", what, then, now);
    };
    compare("CPU", table.device.cpu, here.cpu);
    compare("number of threads", table.device.threads, here.threads);
    compare("data type", table.device.data_type, here.data_type);
    compare("runtime version", table.device.runtime_version, here.runtime_version);
    if (differs.empty()) return "";
    return fmt::format("the latency table was measured elsewhere, so its times may be wrong here: its {}", differs);
}

}  // namespace nachos::cost
