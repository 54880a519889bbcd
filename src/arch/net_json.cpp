#include "arch/net_desc.h"
#include "core/error.h"

#include <nlohmann/json.hpp>

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

Shape shape_from(const json& j) {
    if (!j.is_array() || j.size() != 3) throw std::out_of_range("a shape is not a list of three sizes");
    return {j[0].get<int>(), j[1].get<int>(), j[2].get<int>()};
}

Layer layer_from(const json& j, const std::string& where) {
    Layer l;
    l.name = j.at("name").get<std::string>();
    l.kind = named(kKinds, j.at("kind").get<std::string>(), where);
    l.inputs = j.at("inputs").get<std::vector<int>>();
    l.in = shape_from(j.at("in"));
    l.out = shape_from(j.at("out"));
    l.kernel = j.at("kernel").get<int>();
    l.stride = j.at("stride").get<int>();
    l.padding = j.at("padding").get<int>();
    l.groups = j.at("groups").get<int>();
    l.bias = j.at("bias").get<bool>();
    l.batch_norm = j.at("batch_norm").get<bool>();
    l.activation = named(kActivations, j.at("activation").get<std::string>(), where);
    l.exit = j.at("exit").get<int>();
    l.head = j.at("head").get<bool>();
    return l;
}

}  // namespace

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
    NetDesc net;
    try {
        const json j = json::parse(text);
        net.input = shape_from(j.at("input"));
        net.classes = j.at("classes").get<int>();
        for (const json& layer : j.at("layers")) net.layers.push_back(layer_from(layer, where));
        for (const json& e : j.at("exits")) {
            net.exits.push_back({e.at("site").get<int>(), e.at("tensor").get<int>(), e.at("has_gate").get<bool>()});
        }
    } catch (const std::out_of_range& e) {
        fail(ErrorKind::bad_data, "{}: {}", where, e.what());
    } catch (const json::exception& e) {
        fail(ErrorKind::bad_data, "{}: the network's description does not read: {}", where, e.what());
    }
    check(net, false, where);
    return net;
}

}  // namespace nachos::arch
