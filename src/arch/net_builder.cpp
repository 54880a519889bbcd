#include "arch/net_builder.h"

namespace nachos::arch {

void NetBuilder::enter(int exit, bool head) {
    exit_ = exit;
    head_ = head;
}

int NetBuilder::conv(const std::string& name, int x, int out, int kernel, int stride, Activation activation, int groups) {
    Layer l = layer(name, LayerKind::conv, x);
    l.kernel = kernel;
    l.stride = stride;
    l.padding = kernel / 2;
    l.groups = groups;
    l.batch_norm = true;
    l.activation = activation;
    l.out = {out, (l.in.h + 2 * l.padding - kernel) / stride + 1, (l.in.w + 2 * l.padding - kernel) / stride + 1};
    return push(std::move(l));
}

int NetBuilder::depthwise(const std::string& name, int x, int kernel, int stride, Activation activation) {
    const int c = shape(x).c;
    return conv(name, x, c, kernel, stride, activation, c);
}

int NetBuilder::plain_conv(const std::string& name, int x, int out, int kernel, Activation activation) {
    const int t = conv(name, x, out, kernel, 1, activation);
    net_.layers.back().batch_norm = false;
    net_.layers.back().bias = true;
    return t;
}

int NetBuilder::linear(const std::string& name, int x, int out, bool bias, Activation activation) {
    Layer l = layer(name, LayerKind::linear, x);
    l.bias = bias;
    l.activation = activation;
    l.out = {out, 1, 1};
    return push(std::move(l));
}

int NetBuilder::pool_max(const std::string& name, int x, int window) {
    Layer l = layer(name, LayerKind::max_pool, x);
    l.kernel = l.stride = window;
    l.out = {l.in.c, l.in.h / window, l.in.w / window};
    return push(std::move(l));
}

int NetBuilder::pool_global(const std::string& name, int x) {
    Layer l = layer(name, LayerKind::global_avg_pool, x);
    l.out = {l.in.c, 1, 1};
    return push(std::move(l));
}

int NetBuilder::flatten(const std::string& name, int x) {
    Layer l = layer(name, LayerKind::flatten, x);
    l.out = {static_cast<int>(l.in.elements()), 1, 1};
    return push(std::move(l));
}

int NetBuilder::activation(const std::string& name, int x, Activation activation) {
    Layer l = layer(name, LayerKind::activation, x);
    l.activation = activation;
    return push(std::move(l));
}

int NetBuilder::add(const std::string& name, int x, int y, Activation activation) {
    Layer l = layer(name, LayerKind::add, x);
    l.inputs.push_back(y);
    l.activation = activation;
    return push(std::move(l));
}

int NetBuilder::scale(const std::string& name, int x, int factors) {
    Layer l = layer(name, LayerKind::scale, x);
    l.inputs.push_back(factors);
    return push(std::move(l));
}

Layer NetBuilder::layer(const std::string& name, LayerKind kind, int x) const {
    Layer l;
    l.name = name;
    l.kind = kind;
    l.inputs = {x};
    l.in = l.out = shape(x);
    l.exit = exit_;
    l.head = head_;
    return l;
}

int NetBuilder::push(Layer&& l) {
    net_.layers.push_back(std::move(l));
    return static_cast<int>(net_.layers.size());
}

void NetBuilder::exit_point(int site, int tensor, bool has_gate) { net_.exits.push_back({site, tensor, has_gate}); }

}  // namespace nachos::arch
