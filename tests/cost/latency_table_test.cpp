#include "cost/latency_table.h"

#include "core/expect_error.h"
#include "cost/space_layers.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace nachos::cost {
namespace {

using arch::Activation;
using arch::LayerKind;
using nlohmann::json;
using test::expect_error;

arch::Layer layer(const char* name, LayerKind kind, arch::Shape in, arch::Shape out, int exit, bool head) {
    arch::Layer l;
    l.name = name;
    l.kind = kind;
    l.in = in;
    l.out = out;
    l.exit = exit;
    l.head = head;
    return l;
}

/// Backbone, head, backbone, head.
arch::NetDesc two_exits() {
    arch::NetDesc net{.input = {1, 8, 8}, .classes = 2, .layers = {}, .exits = {{1, 2, true}, {2, 4, false}}};
    net.layers = {layer("stem", LayerKind::conv, {1, 8, 8}, {4, 8, 8}, 0, false),
                  layer("exit", LayerKind::global_avg_pool, {4, 8, 8}, {4, 1, 1}, 0, true),
                  layer("block", LayerKind::conv, {4, 8, 8}, {4, 8, 8}, 1, false),
                  layer("final", LayerKind::global_avg_pool, {4, 8, 8}, {4, 1, 1}, 1, true)};
    return net;
}

LatencyTable table_of(const arch::NetDesc& net, const std::vector<double>& us) {
    LatencyTable table{.device = {"a CPU", 1, "float32", "0.1.0"},
                       .commit = "abc",
                       .date = "2024-01-01T00:00:00Z",
                       .input = net.input,
                       .classes = net.classes,
                       .inference_us = 1,
                       .exit_us = 0.5,
                       .check = {.designs = 20, .median_error = 0.03},
                       .layers = {}};
    for (std::size_t i = 0; i < us.size(); ++i) table.layers[key_of(net.layers[i])] = {us[i], 0.25, 7};
    return table;
}

json valid() { return json::parse(to_json(table_of(two_exits(), {10, 2, 20}))); }

TEST(Latency, ExecutedAccountingByHand) {
    const arch::NetDesc net = two_exits();
    const auto us = latency_us(net, table_of(net, {10, 2, 20}));  // both heads pool the same map: one entry
    ASSERT_EQ(us.size(), 2U);
    EXPECT_DOUBLE_EQ(us[0], 1 + 10 + 2 + 0.5);
    EXPECT_DOUBLE_EQ(us[1], us[0] + 20 + 2 + 0.5);  // the head that was passed stays paid
}

TEST(Latency, NamesWeightsAndExitsAreNoPartOfAKey) {
    arch::Layer a = two_exits().layers[0], b = a;
    b.name = "other";
    b.exit = 3;
    b.head = b.bias = b.batch_norm = true;
    EXPECT_FALSE(key_of(a) < key_of(b) || key_of(b) < key_of(a));
    b.activation = Activation::relu;
    EXPECT_TRUE(key_of(a) < key_of(b) || key_of(b) < key_of(a));
}

TEST(Latency, WhatATableLacksIsNamed) {
    const arch::NetDesc net = two_exits();
    expect_error(ErrorKind::bad_data, {"lacks the layer 'block'", "conv 4x8x8 to 4x8x8, kernel 1, stride 1, groups 1, none"},
                 [&] {
                     latency_us(net, table_of(net, {10, 2}));
                 });
    LatencyTable other = table_of(net, {10, 2, 20});
    other.input = {3, 8, 8};
    expect_error(ErrorKind::bad_data, {"for inputs 3x8x8 and 2 classes", "has 1x8x8 and 2"},
                 [&] { latency_us(net, other); });
}

TEST(Latency, TextGivesTheTableBack) {
    const LatencyTable table = table_of(two_exits(), {10, 2.125, 1.0 / 3});
    const std::string text = to_json(table);
    const LatencyTable back = latency_table_from(text, "t");
    EXPECT_EQ(to_json(back), text);
    EXPECT_EQ(back.device.cpu, "a CPU");
    EXPECT_EQ(back.layers.size(), 3U);
    EXPECT_EQ(latency_us(two_exits(), back), latency_us(two_exits(), table));
    EXPECT_EQ(back.check.designs, 20);
}

TEST(Latency, BadTablesAreRefused) {
    const auto refuse = [](std::initializer_list<std::string> parts, const auto& change) {
        json t = valid();
        change(t);
        expect_error(ErrorKind::bad_data, parts, [&] { latency_table_from(t.dump(), "LUT.json"); });
    };
    refuse({"LUT.json", "schema version is 9"}, [](json& t) { t["schema_version"] = 9; });
    refuse({"LUT.json", "'threads'", "0", "above 0"}, [](json& t) { t["threads"] = 0; });
    refuse({"LUT.json", "'input'", "[1, 8]"}, [](json& t) { t["input"] = {1, 8}; });
    refuse({"LUT.json", "'cpu'"}, [](json& t) { t.erase("cpu"); });
    refuse({"LUT.json, layers[0]", "'median_us'", "-3"}, [](json& t) { t["layers"][0]["median_us"] = -3; });
    refuse({"LUT.json, layers[0]", "'median_us'"}, [](json& t) { t["layers"][0]["median_us"] = nullptr; });
    refuse({"LUT.json, layers[1]", "'groups'", "-1"}, [](json& t) { t["layers"][1]["groups"] = -1; });
    refuse({"LUT.json, layers[1]", "'fold' is not known"}, [](json& t) { t["layers"][1]["kind"] = "fold"; });
    refuse({"LUT.json, layers[3]", "stands there twice"}, [](json& t) { t["layers"].push_back(t["layers"][0]); });
    refuse({"LUT.json", "'layers' has 0 entries"}, [](json& t) { t["layers"] = json::array(); });
    expect_error(ErrorKind::bad_data, {"LUT.json", "is not JSON"}, [] { latency_table_from("{", "LUT.json"); });
}

TEST(Latency, AnotherMachineIsOneSentence) {
    const LatencyTable table = table_of(two_exits(), {10, 2, 20});
    EXPECT_EQ(mismatch(table, table.device), "");
    Device here = table.device;
    here.cpu = "another";
    here.threads = 4;
    EXPECT_EQ(mismatch(table, here),
              "the latency table was measured elsewhere, so its times may be wrong here: its CPU is 'a CPU', here it is "
              "'another', number of threads is '1', here it is '4'");
}

arch::SearchSpace space_named(const char* name) {
    arch::SpaceOptions options;
    options.name = name;
    return arch::make_space(options, {});
}

TEST(SpaceLayers, TheNetworksCoverEveryArchitectureOfEverySpace) {
    for (const arch::SpaceRow& row : arch::spaces()) {
        const arch::SearchSpace space = space_named(row.name);
        LatencyTable table;
        for (const arch::NetDesc& net : covering_networks(space))
            for (const arch::Layer& l : net.layers) table.layers[key_of(l)] = {1, 0, 1};
        EXPECT_TRUE(missing_layers(space, table).empty()) << row.name;
        core::Rng rng(5);
        for (int i = 0; i < 300; ++i) {
            for (const arch::Layer& l : space.build(space.decode(space.sample(rng))).layers)
                ASSERT_TRUE(table.layers.contains(key_of(l))) << row.name << ": " << l.name << " " << text_of(key_of(l));
        }
        const LayerKey gone = table.layers.begin()->first;
        table.layers.erase(gone);
        const auto missing = missing_layers(space, table);
        ASSERT_EQ(missing.size(), 1U) << row.name;
        EXPECT_EQ(text_of(missing[0]), text_of(gone));
    }
}

TEST(SpaceLayers, FarFewerNetworksThanLayers) {
    const auto networks = covering_networks(space_named("mbv3-small"));
    std::size_t layers = 0;
    std::map<LayerKey, int> keys;
    for (const arch::NetDesc& net : networks) {
        layers += net.layers.size();
        for (const arch::Layer& l : net.layers) ++keys[key_of(l)];
        EXPECT_FALSE(net.exits.empty());
    }
    EXPECT_EQ(keys.size(), 472U);
    EXPECT_LT(networks.size(), keys.size() / 4);
}

}  // namespace
}  // namespace nachos::cost
