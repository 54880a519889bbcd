#pragma once

#include "arch/net_desc.h"
#include "core/safetensors.h"

#include <string>
#include <vector>

namespace nachos::model {

/// An int8 code of real numbers: real = scale * (q - zero), q in [-128, 127].
struct Affine {
    float scale = 1;  ///< in [1e-30, 1e30]
    int zero = 0;     ///< in [-128, 127], so that 0 has a code of its own

    bool operator==(const Affine&) const = default;
};

/// How a network's numbers are kept in 8 bits (Jacob et al. 2018, arXiv 1712.05877, with weights symmetric and a channel
/// each as in Krishnamoorthi 2018, arXiv 1806.08342). A model that has it holds weights that are exact multiples of their
/// scales.
struct Quantization {
    std::vector<Affine> tensors;  ///< (layers + 1), as NetDesc numbers them
    std::vector<Affine> inner;    ///< (layers) in front of the activation; that of the output where there is none or relu
    std::vector<std::vector<float>> weight_scales;  ///< (layers), (out.c) likewise; empty where there are no weights
};

/// Throws Error(bad_data), naming `where`: sizes that are not the network's, scales, zeros
/// out of range, weights that are no multiples in [-127, 127] of their scale.
void check(const Quantization& quantization, const arch::NetDesc& net, const std::string& where);

/// The codes as JSON text; scales of weights are tensors.
std::string quantization_to_json(const Quantization& quantization);
Quantization quantization_from_json(const std::string& text, const std::string& where);

/// Weights of a layer as "<layer>.weight" (I8) and "<layer>.weight_scale" (F32), and back.
void add_quantized_weights(core::TensorFile& file, const arch::Layer& layer, const std::vector<float>& scales);
void read_quantized_weights(const core::TensorFile& file, const std::string& where, arch::Layer& layer,
                            std::vector<float>& scales);

}  // namespace nachos::model
