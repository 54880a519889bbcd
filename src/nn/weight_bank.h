#pragma once

#include "arch/search_space.h"
#include "core/rng.h"
#include "core/safetensors.h"

#include <torch/torch.h>

#include <functional>

#include <map>
#include <string>
#include <vector>

namespace nachos::nn {

/// Trainable tensors of one layer; undefined where the layer has none.
struct LayerWeights {
    torch::Tensor weight;    ///< conv (out, in/groups, k, k), linear (out, in)
    torch::Tensor bias;      ///< (out), the layer's own
    torch::Tensor bn_scale;  ///< (out)
    torch::Tensor bn_shift;  ///< (out)
};

/// Named weights. A supernet is a bank with every weight at the largest shape its space gives that name, a stand-alone
/// network one with exact shapes; a layer reads leading channels and the kernel's centre, so both run through the same code.
class WeightBank {
  public:
    /// Fresh weights for these layers (shapes only are read): He et al. 2015 (arXiv 1502.01852) normal by fan-in for
    /// convolutions, uniform 1/sqrt(fan-in) for linear layers. Values depend on the generator alone, not on torch.
    WeightBank(const std::vector<arch::Layer>& layers, const core::Rng& rng, torch::Device device = torch::kCPU);

    /// A stand-alone copy of what `net` reads.
    WeightBank slice(const arch::NetDesc& net) const;

    /// A bank that shares this one's values but gathers gradients of its own: one for each thread that differentiates.
    WeightBank replica() const;

    /// What one layer reads: views of the bank's tensors.
    LayerWeights at(const arch::Layer& layer) const;

    const std::map<std::string, LayerWeights>& layers() const { return layers_; }
    torch::Device device() const { return device_; }

    void save(core::TensorFile& file, const std::string& prefix) const;
    /// Throws Error(bad_data) if a tensor is missing or of another shape.
    void load(const core::TensorFile& file, const std::string& prefix, const std::string& where);

  private:
    WeightBank() = default;

    std::map<std::string, LayerWeights> layers_;
    torch::Device device_ = torch::kCPU;
};

/// Calls f(name, tensor) for every defined tensor of a bank, in a fixed order.
void for_each_tensor(const WeightBank& bank, const std::function<void(const std::string&, const torch::Tensor&)>& f);

/// Layers of a network that hold weights, as the constructor wants them.
std::vector<arch::Layer> weighted_layers(const arch::NetDesc& net);

}  // namespace nachos::nn
