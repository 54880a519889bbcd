#include "model/model_file.h"

#include "core/error.h"
#include "core/plain_text.h"
#include "model/metadata.h"
#include "policy/policy_json.h"

#include <algorithm>
#include <cmath>

namespace nachos::model {
namespace {

using arch::Layer;

void check_preprocessing(const Preprocessing& p, const arch::Shape& input, const std::string& where) {
    require(p.channels == input.c && p.height == input.h && p.width == input.w, ErrorKind::bad_data,
            "{}: preprocessing makes {} x {} pixels with {} channels, the network takes {} x {} with {}", where, p.height,
            p.width, p.channels, input.h, input.w, input.c);
    const auto channels = static_cast<std::size_t>(p.channels);
    require(p.mean.size() == channels && p.std.size() == channels, ErrorKind::bad_data,
            "{}: preprocessing has {} means and {} deviations, {} channels need one of each", where, p.mean.size(),
            p.std.size(), channels);
    const auto finite = [](float v) { return std::isfinite(v); };
    const auto positive = [](float v) { return std::isfinite(v) && v > 0; };
    require(std::all_of(p.mean.begin(), p.mean.end(), finite) && std::all_of(p.std.begin(), p.std.end(), positive),
            ErrorKind::bad_data, "{}: preprocessing needs finite means and positive deviations", where);
}

void check_threshold_sets(const Model& model, const std::string& where) {
    require(!model.threshold_sets.empty(), ErrorKind::bad_data, "{}: has no threshold set", where);
    double last = 0;
    for (const ThresholdSet& set : model.threshold_sets) {
        const std::string place = fmt::format("{}: threshold set {}", where, &set - model.threshold_sets.data());
        require(std::isfinite(set.budget_macs) && set.budget_macs > last, ErrorKind::bad_data,
                "{}: budget_macs is {}, finite budgets in rising order are needed", place, set.budget_macs);
        last = set.budget_macs;
        policy::check(set.on_calibration, model.net.exit_count(), place);
    }
}

/// What a reader may rely on, whoever wrote the file.
void check(const Model& model, const std::string& where) {
    arch::check(model.net, true, where);
    const arch::Shape& input = model.net.input;
    require(model.arch.classes == model.net.classes && model.arch.channels == input.c && model.arch.resolution == input.h,
            ErrorKind::bad_data, "{}: arch and net differ in classes, channels or resolution", where);
    require(model.class_names.size() == static_cast<std::size_t>(model.net.classes), ErrorKind::bad_data,
            "{}: has {} class names, the network has {} classes", where, model.class_names.size(), model.net.classes);
    for (const std::string& name : model.class_names)
        require(core::is_plain_text(name), ErrorKind::bad_data, "{}: the class name {} holds control characters", where,
                core::quoted_text(name));
    check_preprocessing(model.preprocessing, input, where);
    policy::check(model.calibration, model.net.exit_count(), where);
    check_threshold_sets(model, where);
    if (model.quantization) check(*model.quantization, model.net, where);
}

std::string weight_name(const Layer& layer) { return layer.name + ".weight"; }
std::string bias_name(const Layer& layer) { return layer.name + ".bias"; }

void read_weights(const core::TensorFile& file, const std::string& where, Model& model) {
    if (model.quantization) model.quantization->weight_scales.resize(model.net.layers.size());
    for (std::size_t i = 0; i < model.net.layers.size(); ++i) {
        Layer& layer = model.net.layers[i];
        if (!layer.has_weights()) continue;
        if (model.quantization) {
            read_quantized_weights(file, where, layer, model.quantization->weight_scales[i]);
        } else {
            layer.weight = file.floats(weight_name(layer), layer.weight_shape(), where);
        }
        if (layer.bias) layer.bias_values = file.floats(bias_name(layer), {layer.out.c}, where);
    }
}

}  // namespace

void save_model(const std::filesystem::path& path, const Model& model) {
    check(model, path.string());
    core::TensorFile file;
    file.metadata = to_metadata(model);
    for (std::size_t i = 0; i < model.net.layers.size(); ++i) {
        const Layer& layer = model.net.layers[i];
        if (!layer.has_weights()) continue;
        require(!file.tensors.contains(weight_name(layer)), ErrorKind::bad_data, "{}: two layers are named '{}'",
                path.string(), layer.name);
        if (model.quantization) {
            add_quantized_weights(file, layer, model.quantization->weight_scales[i]);
        } else {
            file.add_f32(weight_name(layer), layer.weight_shape(), layer.weight.data());
        }
        if (layer.bias) file.add_f32(bias_name(layer), {layer.out.c}, layer.bias_values.data());
    }
    core::write_tensors(path, file);
}

Model load_model(const std::filesystem::path& path) { return model_from(core::read_tensors(path), path.string()); }

Model model_from(const core::TensorFile& file, const std::string& where) {
    Model model = from_metadata(file, where);
    read_weights(file, where, model);
    check(model, where);
    return model;
}

const ThresholdSet& operating_point(const Model& model, std::optional<double> max_avg_macs) {
    const ThresholdSet* best = nullptr;
    for (const ThresholdSet& set : model.threshold_sets) {
        const bool fits =
            !max_avg_macs || set.budget_macs <= *max_avg_macs || set.on_calibration.avg_cost_upper <= *max_avg_macs;
        if (fits && (best == nullptr || set.on_calibration.accuracy > best->on_calibration.accuracy)) best = &set;
    }
    if (best != nullptr) return *best;
    const ThresholdSet& cheapest = model.threshold_sets.front();
    fail(ErrorKind::inadmissible, "no threshold set averages at most {} MACs; the cheapest averages {:.0f}, at most {:.0f}",
         *max_avg_macs, cheapest.on_calibration.avg_cost, cheapest.on_calibration.avg_cost_upper);
}

}  // namespace nachos::model
