#include "model/plain.h"

namespace nachos::model {
namespace {

/// Of the tensors and layers kept.
Quantization kept_of(const Quantization& all, const std::vector<int>& tensor) {
    Quantization kept;
    for (std::size_t t = 0; t < tensor.size(); ++t) {
        if (tensor[t] < 0) continue;
        kept.tensors.push_back(all.tensors[t]);
        if (t == 0) continue;
        kept.inner.push_back(all.inner[t - 1]);
        kept.weight_scales.push_back(all.weight_scales[t - 1]);
    }
    return kept;
}

}  // namespace

Model without_exits(const Model& model) {
    Model plain = model;
    plain.arch = arch::without_exits(model.arch);
    const int last = model.net.exit_count() - 1;
    std::vector<int> tensor{0};  // the new number of each old tensor; of early heads nobody asks
    plain.net.layers.clear();
    for (const arch::Layer& layer : model.net.layers) {
        const bool gone = layer.head && layer.exit < last;
        tensor.push_back(gone ? -1 : static_cast<int>(plain.net.layers.size()) + 1);
        if (gone) continue;
        arch::Layer& kept = plain.net.layers.emplace_back(layer);
        kept.exit = 0;
        for (int& input : kept.inputs) input = tensor[static_cast<std::size_t>(input)];
    }
    arch::ExitPoint end = model.net.exits.back();
    end.tensor = tensor[static_cast<std::size_t>(end.tensor)];
    plain.net.exits = {end};
    if (model.quantization) plain.quantization = kept_of(*model.quantization, tensor);
    plain.calibration.exits.clear();
    if (!model.calibration.exits.empty()) plain.calibration.exits = {model.calibration.at(last)};
    plain.costs = cost::costs_of(plain.net);
    const double macs = static_cast<double>(plain.costs.worst_macs());
    plain.threshold_sets = {{macs,
                             {.thresholds = {},
                              .avg_cost = macs,
                              .avg_cost_upper = macs,
                              .p95_cost = macs,
                              .worst_cost = macs,
                              .exit_share = {1}}}};
    return plain;
}

}  // namespace nachos::model
