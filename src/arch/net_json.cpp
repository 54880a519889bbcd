#include "arch/net_desc.h"
#include "core/error.h"
#include "core/json_reader.h"

#include <string_view>

namespace nachos::arch {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr LayerKind kKinds[] = {
    LayerKind::conv,    LayerKind::linear, LayerKind::activation, LayerKind::max_pool, LayerKind::global_avg_pool,
    LayerKind::flatten, LayerKind::add,    LayerKind::scale};
constexpr Activation kActivations[] = {Activation::none, Activation::relu, Activation::hard_swish, Activation::hard_sigmoid};

template <class T, std::size_t N>
T named(const T (&all)[N], const std::string& name, const std::string& where) {
    for (const T value : all) {
        if (name == to_string(value)) return value;
    }
    fail(ErrorKind::bad_data, "{}: '{}' is not known", where, name);
}

ordered_json shape_json(const Shape& s) { return ordered_json::array({s.c, s.h, s.w}); }

Shape shape_from(const core::JsonReader& in, const char* key, const std::string& where) {
    const std::vector<int> sizes = in.integers(key);
    require(sizes.size() == 3, ErrorKind::bad_data, "{}: key '{}' has {} sizes, a shape has 3", where, key, sizes.size());
    return {sizes[0], sizes[1], sizes[2]};
}

Layer layer_from(const core::JsonReader& in, const std::string& where) {
    Layer l;
    l.name = in.text("name");
    l.kind = layer_kind_from(in.text("kind"), where);
    l.inputs = in.integers("inputs");
    l.in = shape_from(in, "in", where);
    l.out = shape_from(in, "out", where);
    l.kernel = in.integer("kernel");
    l.stride = in.integer("stride");
    l.padding = in.integer("padding");
    l.groups = in.integer("groups");
    l.bias = in.flag("bias");
    l.batch_norm = in.flag("batch_norm");
    l.activation = activation_from(in.text("activation"), where);
    l.exit = in.integer("exit");
    l.head = in.flag("head");
    return l;
}

}  // namespace

LayerKind layer_kind_from(const std::string& name, const std::string& where) { return named(kKinds, name, where); }

Activation activation_from(const std::string& name, const std::string& where) { return named(kActivations, name, where); }

std::string net_to_json(const NetDesc& net) {
    ordered_json out;
    out["input"] = shape_json(net.input);
    out["classes"] = net.classes;
    out["layers"] = ordered_json::array();
    for (const Layer& l : net.layers) {
        out["layers"].push_back({{"name", l.name},
                                 {"kind", to_string(l.kind)},
                                 {"inputs", l.inputs},
                                 {"in", shape_json(l.in)},
                                 {"out", shape_json(l.out)},
                                 {"kernel", l.kernel},
                                 {"stride", l.stride},
                                 {"padding", l.padding},
                                 {"groups", l.groups},
                                 {"bias", l.bias},
                                 {"batch_norm", l.batch_norm},
                                 {"activation", to_string(l.activation)},
                                 {"exit", l.exit},
                                 {"head", l.head}});
    }
    out["exits"] = ordered_json::array();
    for (const ExitPoint& e : net.exits) {
        out["exits"].push_back({{"site", e.site}, {"tensor", e.tensor}, {"has_gate", e.has_gate}});
    }
    return out.dump();
}

NetDesc net_from_json(const std::string& text, const std::string& where) {
    const json parsed = core::parse_json(text, where);
    const core::JsonReader in(parsed, where);
    NetDesc net{.input = shape_from(in, "input", where), .classes = in.integer("classes"), .layers = {}, .exits = {}};
    for (const core::JsonReader& layer : in.objects("layers")) net.layers.push_back(layer_from(layer, where));
    for (const core::JsonReader& e : in.objects("exits"))
        net.exits.push_back({e.integer("site"), e.integer("tensor"), e.flag("has_gate")});
    check(net, false, where);
    return net;
}

}  // namespace nachos::arch
