#include "cli/runnable_model.h"
#include "fuzz.h"
#include "runtime/classifier.h"

using namespace nachos;

namespace {

/// More than this is right and takes long.
constexpr std::int64_t kMostMacs = 1 << 20, kMostBytes = 1 << 24, kMostWeights = 1 << 12;

/// Weights of the sizes that the network asks for: else nearly no input would get past them.
void add_weights(const std::string& net, bool quantized, core::TensorFile& file) {
    const std::vector<float> values(kMostWeights, 0.25F);
    const std::vector<std::int8_t> codes(kMostWeights, 3);
    for (const arch::Layer& layer : arch::net_from_json(net, "net").layers) {
        if (!layer.has_weights() || layer.weight_count() > kMostWeights || layer.out.c > kMostWeights) continue;
        if (quantized) {
            file.add_i8(layer.name + ".weight", layer.weight_shape(), codes.data());
            file.add_f32(layer.name + ".weight_scale", {layer.out.c}, values.data());
        } else {
            file.add_f32(layer.name + ".weight", layer.weight_shape(), values.data());
        }
        if (layer.bias) file.add_f32(layer.name + ".bias", {layer.out.c}, values.data());
    }
}

}  // namespace

/// The metadata, each value a line, in the order of their keys, that of a quantization last, empty without; the container
/// itself is another target's. Then what nachos-run does.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::accept_or_refuse([&] {
        std::string_view rest = fuzz::text_of(data, size);
        core::TensorFile file;
        for (const char* key : {"arch", "calibration", "class_names", "costs", "measure", "net", "preprocessing",
                                "schema_version", "threshold_sets"})
            file.metadata[key] = fuzz::take_line(rest);
        const std::string quantization = fuzz::take_line(rest);
        if (!quantization.empty()) file.metadata["quantization"] = quantization;
        add_weights(file.metadata["net"], !quantization.empty(), file);
        const model::Model model = model::model_from(file, "input");
        cli::check_runnable(model, "input");
        const cost::Costs& costs = model.costs;
        if (costs.executed_macs.back() > kMostMacs || costs.peak_activation_bytes > kMostBytes) return;
        runtime::Classifier classifier(model, 2);
        const std::vector<std::uint8_t> images(static_cast<std::size_t>(3 * model.net.input.elements()), 200);
        classifier.run(model::operating_point(model, {}).on_calibration.thresholds, images);
    });
}
