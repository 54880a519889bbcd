#pragma once

#include "model/model_file.h"

#include <array>
#include <cstdint>
#include <vector>

namespace nachos::runtime {

using Codes = std::array<std::int8_t, 256>;  ///< by code + 128, or by byte

/// x * multiplier / 2^shift, rounded to the nearest, halves away from zero: integers alone (Jacob et al. 2018, section 2.2).
struct Rescale {
    std::int32_t multiplier = 0;  ///< 0, or in [2^30, 2^31)
    int shift = 10;               ///< in [10, 62]
};

/// `factor` >= 0, at most 2^20 (what is larger counts as that).
Rescale rescale_of(double factor);
std::int64_t apply(const Rescale& by, std::int64_t x);

/// One layer in integers: sums of (q - zero), rescaled to codes of 8 bits, then the table.
struct QuantLayer {
    arch::Layer layer;  ///< structure; no weights
    int zero_in = 0, zero_second = 0;
    std::vector<std::int8_t> weight = {};  ///< (kernel, kernel, in / groups, out)
    std::vector<std::int32_t> bias = {};   ///< (out), in units of the sums
    std::vector<Rescale> rescale =
        {};                  ///< conv and linear: (out); add: of each input to 1024ths, and of their sum back; else 1
    int zero_out = 0;        ///< of the codes in front of the table
    int low = -128;          ///< least code: zero_out with relu
    bool has_table = false;  ///< codes to codes: activations, and changes of code
    Codes table{};
    std::vector<float> output_scale = {};  ///< of a head's last layer, which gives floats: sum * scale; else empty
    float code_scale = 1;                  ///< of the codes behind the table, for an exit that ends in codes
    int zero_code = 0;
};

/// An int8 model ready to be run in integers, here or in the C that is written of it. Both do the same arithmetic, so that
/// they agree to the last bit.
struct QuantNet {
    std::vector<Codes> input;  ///< (C): byte to code
    std::vector<QuantLayer> layers;
};

/// `model` has a quantization. Throws Error(bad_data) naming the layer whose sums could leave 32 bits. O(weights).
QuantNet quant_net(const model::Model& model);

}  // namespace nachos::runtime
