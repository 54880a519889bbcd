#include "model/quantization.h"

#include "core/error.h"
#include "core/json_reader.h"

#include <algorithm>
#include <cmath>

namespace nachos::model {
namespace {

using nlohmann::ordered_json;

constexpr int kLargest = 127;          // of a weight: symmetric
constexpr float kLeastScale = 1e-30F;  // nothing computed from it leaves the floats

ordered_json to_json(const std::vector<Affine>& codes) {
    ordered_json scales = ordered_json::array(), zeros = ordered_json::array();
    for (const Affine& a : codes) {
        scales.push_back(a.scale);
        zeros.push_back(a.zero);
    }
    return {{"scales", scales}, {"zeros", zeros}};
}

std::vector<Affine> codes_from(const core::JsonReader& in, const std::string& where) {
    const std::vector<double> scales = in.numbers("scales");
    const std::vector<int> zeros = in.integers("zeros");
    require(scales.size() == zeros.size(), ErrorKind::bad_data, "{}: {} scales and {} zeros", where, scales.size(),
            zeros.size());
    std::vector<Affine> codes;
    for (std::size_t i = 0; i < scales.size(); ++i) codes.push_back({static_cast<float>(scales[i]), zeros[i]});
    return codes;
}

bool positive(float v) { return v >= kLeastScale && v <= 1 / kLeastScale; }

void check_codes(const std::vector<Affine>& codes, std::size_t needed, const std::string& where, const char* what) {
    require(codes.size() == needed, ErrorKind::bad_data, "{}: quantization has {} codes of {}, the network needs {}", where,
            codes.size(), what, needed);
    for (const Affine& a : codes)
        require(positive(a.scale) && a.zero >= -128 && a.zero <= kLargest, ErrorKind::bad_data,
                "{}: quantization: a code of {} has scale {} and zero {}; a scale in [1e-30, 1e30] and a zero in [-128, "
                "127] are needed",
                where, what, a.scale, a.zero);
}

/// Weights an output channel.
std::size_t per_channel(const arch::Layer& layer) { return static_cast<std::size_t>(layer.weight_count() / layer.out.c); }

std::string scale_name(const arch::Layer& layer) { return layer.name + ".weight_scale"; }

}  // namespace

void check(const Quantization& quantization, const arch::NetDesc& net, const std::string& where) {
    check_codes(quantization.tensors, net.layers.size() + 1, where, "tensors");
    check_codes(quantization.inner, net.layers.size(), where, "layers");
    require(quantization.weight_scales.size() == net.layers.size(), ErrorKind::bad_data,
            "{}: quantization has scales of {} layers, the network has {}", where, quantization.weight_scales.size(),
            net.layers.size());
    for (std::size_t i = 0; i < net.layers.size(); ++i) {
        const arch::Layer& layer = net.layers[i];
        const std::vector<float>& scales = quantization.weight_scales[i];
        const std::size_t needed = layer.has_weights() ? static_cast<std::size_t>(layer.out.c) : 0;
        require(scales.size() == needed && std::all_of(scales.begin(), scales.end(), positive), ErrorKind::bad_data,
                "{}: layer '{}' has {} scales of weights, {} in [1e-30, 1e30] are needed", where, layer.name, scales.size(),
                needed);
        for (std::size_t w = 0; w < layer.weight.size() && needed > 0; ++w) {
            const float scale = scales[w / per_channel(layer)], q = std::round(layer.weight[w] / scale);
            require(std::abs(q) <= kLargest && q * scale == layer.weight[w], ErrorKind::bad_data,
                    "{}: weight {} of layer '{}' is {}, no multiple of {} in [-127, 127]", where, w, layer.name,
                    layer.weight[w], scale);
        }
    }
}

std::string quantization_to_json(const Quantization& quantization) {
    return core::to_text({{"tensors", to_json(quantization.tensors)}, {"inner", to_json(quantization.inner)}});
}

Quantization quantization_from_json(const std::string& text, const std::string& where) {
    const nlohmann::json parsed = core::parse_json(text, where);
    const core::JsonReader in(parsed, where);
    return {.tensors = codes_from(in.object("tensors"), where),
            .inner = codes_from(in.object("inner"), where),
            .weight_scales = {}};
}

void add_quantized_weights(core::TensorFile& file, const arch::Layer& layer, const std::vector<float>& scales) {
    std::vector<std::int8_t> weights;
    for (std::size_t w = 0; w < layer.weight.size(); ++w)
        weights.push_back(static_cast<std::int8_t>(std::lround(layer.weight[w] / scales[w / per_channel(layer)])));
    file.add_i8(layer.name + ".weight", layer.weight_shape(), weights.data());
    file.add_f32(scale_name(layer), {layer.out.c}, scales.data());
}

void read_quantized_weights(const core::TensorFile& file, const std::string& where, arch::Layer& layer,
                            std::vector<float>& scales) {
    const std::vector<std::int8_t> weights = file.bytes_of(layer.name + ".weight", layer.weight_shape(), where);
    scales = file.floats(scale_name(layer), {layer.out.c}, where);
    layer.weight.resize(weights.size());
    for (std::size_t w = 0; w < weights.size(); ++w)
        layer.weight[w] = static_cast<float>(weights[w]) * scales[w / per_channel(layer)];
}

}  // namespace nachos::model
