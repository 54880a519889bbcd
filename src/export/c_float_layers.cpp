#include "export/c_layers.h"
#include "export/c_text.h"

#include <fmt/format.h>

namespace nachos::exporting {
namespace {

using arch::Activation;
using arch::Layer;
using arch::LayerKind;

/// (out, in, ky, kx) to (ky, kx, in, out).
std::vector<float> output_last(const Layer& l) {
    const auto out = static_cast<std::size_t>(l.out.c), taps = static_cast<std::size_t>(l.kernel) * l.kernel;
    const std::size_t in = l.weight.size() / (out * taps);
    std::vector<float> w(l.weight.size());
    for (std::size_t o = 0; o < out; ++o)
        for (std::size_t i = 0; i < in; ++i)
            for (std::size_t t = 0; t < taps; ++t) w[(t * in + i) * out + o] = l.weight[(o * in + i) * taps + t];
    return w;
}

const char* name_of(Activation activation) {
    switch (activation) {
        case Activation::none:
            return "NONE";
        case Activation::relu:
            return "RELU";
        case Activation::hard_swish:
            return "HARD_SWISH";
        case Activation::hard_sigmoid:
            return "HARD_SIGMOID";
    }
    return "NONE";
}

class FloatLayers : public CLayers {
  public:
    explicit FloatLayers(const model::Model& model) : CLayers(model) {
        for (std::size_t c = 0; c < model.preprocessing.mean.size(); ++c) {
            scale_.push_back(1 / (255 * model.preprocessing.std[c]));
            offset_.push_back(-model.preprocessing.mean[c] / model.preprocessing.std[c]);
        }
    }

    std::string call(std::size_t i) override {
        const Layer& l = net_.layers[i];
        const std::string in = at(l.inputs[0]), out = at(static_cast<int>(i) + 1), kind = name_of(l.activation);
        const std::string maps = map_of(l.in) + ", " + map_of(l.out);
        use("activate");
        switch (l.kind) {
            case LayerKind::conv: {
                const std::string kernel = l.groups == 1                               ? "conv"
                                           : l.groups == l.in.c && l.groups == l.out.c ? "depthwise"
                                                                                       : "grouped";
                use(kernel);
                const std::string groups = kernel == "grouped" ? fmt::format("{}, ", l.groups) : "";
                return fmt::format("{}({}, {}, {}, {}, {}, {}, {}, {}{});", kernel, in, out, weights(i, l), maps, l.kernel,
                                   l.stride, l.padding, groups, kind);
            }
            case LayerKind::linear:
                use("conv");
                return fmt::format("conv({}, {}, {}, {}, {}, 1, 1, 0, {});", in, out, weights(i, l),
                                   map_of({static_cast<int>(l.in.elements()), 1, 1}), map_of(l.out), kind);
            case LayerKind::activation:
                use("copy");
                return fmt::format("copy({}, {}, {}, {});", in, out, l.out.elements(), kind);
            case LayerKind::max_pool:
                use("max_pool");
                return fmt::format("max_pool({}, {}, {}, {}, {});", in, out, maps, l.kernel, kind);
            case LayerKind::global_avg_pool:
                use("average");
                return fmt::format("average({}, {}, {}, {});", in, out, map_of(l.in), kind);
            case LayerKind::flatten:
                use("flatten");
                return fmt::format("flatten({}, {}, {}, {});", in, out, map_of(l.in), kind);
            case LayerKind::add:
                use("add");
                return fmt::format("add({}, {}, {}, {}, {});", in, at(l.inputs[1]), out, l.out.elements(), kind);
            case LayerKind::scale:
                use("scale");
                return fmt::format("scale({}, {}, {}, {}, {});", in, at(l.inputs[1]), out, map_of(l.in), kind);
        }
        return {};
    }

    std::string memory() const override {
        return fmt::format(
            "static const float pixel_scale[] = {{{}\n}};\nstatic const float pixel_offset[] = {{{}\n}};\nstatic float "
            "arena[{}];\n",
            list_of(scale_), list_of(offset_), plan_.size);
    }
    std::string take_pixel() const override { return "*x++ = (float)*image++ * pixel_scale[c] + pixel_offset[c];"; }
    const char* type() const override { return "float"; }
    std::string set_outputs(int exit) const override {
        return fmt::format("outputs = {};", at(net_.exits[static_cast<std::size_t>(exit)].tensor));
    }
    std::int64_t memory_bytes() const override { return 4 * plan_.size; }

  private:
    void add_floats(const std::string& name, const std::vector<float>& values) {
        add_constants("float", name, values.size(), list_of(values), values.size() * sizeof(float));
    }

    /// Weights and bias of a layer, as constants and as arguments of its call.
    std::string weights(std::size_t i, const Layer& l) {
        add_comment(l.name);
        add_floats(fmt::format("w{}", i), output_last(l));
        if (l.bias) add_floats(fmt::format("b{}", i), l.bias_values);
        return fmt::format("w{}, {}", i, l.bias ? fmt::format("b{}", i) : "0");
    }

    std::vector<float> scale_, offset_;
};

}  // namespace

std::unique_ptr<CLayers> float_layers(const model::Model& model) { return std::make_unique<FloatLayers>(model); }

}  // namespace nachos::exporting
