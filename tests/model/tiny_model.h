#pragma once

#include "model/model_file.h"

#include <algorithm>
#include <string>
#include <vector>

namespace nachos::test {

/// A layer of a net made by hand: what is not named keeps its default.
struct LayerCase {
    std::string name = {};
    arch::LayerKind kind = arch::LayerKind::conv;
    std::vector<int> inputs = {0};
    arch::Shape in = {};
    arch::Shape out = {};
    int kernel = 1;
    int stride = 1;
    int padding = 0;
    int groups = 1;
    arch::Activation activation = arch::Activation::none;
    std::vector<float> weight = {};
    std::vector<float> bias = {};

    arch::Layer layer() const {
        arch::Layer l;
        l.name = name;
        l.kind = kind;
        l.inputs = inputs;
        l.in = in;
        l.out = out;
        l.kernel = kernel;
        l.stride = stride;
        l.padding = padding;
        l.groups = groups;
        l.activation = activation;
        l.weight = weight;
        l.bias = !bias.empty();
        l.bias_values = bias;
        return l;
    }
};

/// Two exits for 2 x 2 grey pixels (or another side) and two classes, small enough to work by hand. The image is mapped to
/// (v - 0.5) / 0.5.
///   conv1    1x1, 1 -> 2: the image and its negative       4 pixels * 2          =  8 MACs
///   exit1    mean, linear 2 -> 3 (two classes, the gate)                            6 MACs
///   conv2    3x3, 2 -> 2, ReLU: the sum over the map       9 * 2 * 2 * 4         = 144 MACs
///   final    mean, linear 2 -> 2                                                    4 MACs
inline arch::NetDesc tiny_net(int side = 2) {
    using arch::LayerKind;
    arch::NetDesc net{.input = {1, side, side}, .classes = 2, .layers = {}, .exits = {{1, 3, true}, {2, 6, false}}};
    const auto add = [&](int exit, bool head, const LayerCase& c) {
        net.layers.push_back(c.layer());
        net.layers.back().exit = exit;
        net.layers.back().head = head;
    };
    const arch::Shape map{2, side, side};
    const arch::Shape mean{2, 1, 1};
    add(0, false, {.name = "conv1", .in = {1, side, side}, .out = map, .weight = {1, -1}});
    add(0, true, {.name = "exit1.pool", .kind = LayerKind::global_avg_pool, .inputs = {1}, .in = map, .out = mean});
    add(0, true,
        {.name = "exit1.linear",
         .kind = LayerKind::linear,
         .inputs = {2},
         .in = mean,
         .out = {3, 1, 1},
         .weight = {2, 0, 0, 2, 4, 0},
         .bias = {0, 0, 1}});
    std::vector<float> sums(36, 0);  // output channel o adds up input channel o alone
    std::fill_n(sums.begin(), 9, 1.0F);
    std::fill_n(sums.begin() + 27, 9, 1.0F);
    add(1, false,
        {.name = "conv2",
         .inputs = {1},
         .in = map,
         .out = map,
         .kernel = 3,
         .padding = 1,
         .activation = arch::Activation::relu,
         .weight = sums});
    add(1, true, {.name = "final.pool", .kind = LayerKind::global_avg_pool, .inputs = {4}, .in = map, .out = mean});
    add(1, true,
        {.name = "final.linear", .kind = LayerKind::linear, .inputs = {5}, .in = mean, .out = mean, .weight = {1, 0, 0, 1}});
    return net;
}

/// That network as a model of the classes "bright" and "dark", with a policy for two budgets.
inline model::Model tiny_model(int side = 2) {
    model::Model m;
    m.arch = {.space = "mbv3-small",
              .resolution = side,
              .channels = 1,
              .classes = 2,
              .stem_stride = 1,
              .depth = {1, 1},
              .width = {2, 2},
              .kernel = {1, 3},
              .expand = {1, 1},
              .exits = {{.placed = true}}};
    m.net = tiny_net(side);
    m.preprocessing = {
        .height = side, .width = side, .channels = 1, .resize_filter = "triangle-antialias", .mean = {0.5F}, .std = {0.5F}};
    m.class_names = {"bright", "dark"};
    m.measure = policy::Measure::max_prob;
    m.calibration.exits = {{.temperature = 2, .gate_slope = 0.5, .gate_offset = 0.25}, {.temperature = 1.5}};
    const policy::OperatingPoint cheap{.thresholds = {0.6},
                                       .accuracy = 0.7,
                                       .min_class_accuracy = 0.6,
                                       .avg_cost = 50,
                                       .avg_cost_upper = 58,
                                       .p95_cost = 162,
                                       .worst_cost = 162,
                                       .exit_share = {0.75, 0.25}};
    policy::OperatingPoint dear = cheap;
    dear.thresholds = {std::nullopt};
    dear.accuracy = 0.9;
    dear.avg_cost = dear.avg_cost_upper = 162;
    dear.exit_share = {0, 1};
    m.threshold_sets = {{60, cheap}, {200, dear}};
    m.costs = cost::costs_of(m.net);
    return m;
}

}  // namespace nachos::test
