#pragma once

#include "arch/net_desc.h"

#include <string>

namespace nachos::arch {

/// One block of a stage, as the genes have decided it.
struct BlockSpec {
    std::string name;  ///< e.g. "stage2.block1"; names of its layers begin with it
    int width = 0;     ///< output channels
    int kernel = 0;
    int expand = 0;
    int stride = 1;  ///< of the whole block
};

/// Appends layers to a network. Each function takes the tensor it reads (0 is the network's input) and returns the one it
/// writes. A layer's name is its weights' name in the supernet: the same name in two architectures is the same weight, of
/// which the smaller reads the leading channels and the kernel's centre.
class NetBuilder {
  public:
    explicit NetBuilder(NetDesc& net) : net_(net) {}

    /// A convolution with batch norm; zeros around the map keep its size at stride 1. `kernel` is odd.
    int conv(const std::string& name, int x, int out, int kernel, int stride, Activation activation, int groups = 1);
    /// The same, each channel by itself.
    int depthwise(const std::string& name, int x, int kernel, int stride, Activation activation);
    /// A convolution with a bias and without batch norm, stride 1 (published exit classifiers).
    int plain_conv(const std::string& name, int x, int out, int kernel, Activation activation);
    int linear(const std::string& name, int x, int out, bool bias, Activation activation);
    int pool_max(const std::string& name, int x, int window);
    int pool_global(const std::string& name, int x);
    int flatten(const std::string& name, int x);
    int activation(const std::string& name, int x, Activation activation);
    int add(const std::string& name, int x, int y, Activation activation);
    /// A map times one factor a channel.
    int scale(const std::string& name, int x, int factors);

    const Shape& shape(int tensor) const { return net_.shape_of(tensor); }

    /// What follows is first needed by that exit (from 0) and is part of its head or of the backbone before it.
    void enter(int exit, bool head);
    /// A classifier ends at the tensor.
    void exit_point(int site, int tensor, bool has_gate);

  private:
    Layer layer(const std::string& name, LayerKind kind, int x) const;
    int push(Layer&& layer);

    NetDesc& net_;
    int exit_ = 0;
    bool head_ = false;
};

}  // namespace nachos::arch
