#pragma once

#include "arch/arch_spec.h"
#include "arch/net_desc.h"
#include "core/safetensors.h"
#include "cost/cost.h"
#include "model/quantization.h"
#include "policy/thresholds.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace nachos::model {

inline constexpr int kSchemaVersion = 1;

/// How an image becomes the network's input.
struct Preprocessing {
    int height = 0;
    int width = 0;
    int channels = 0;
    std::string resize_filter;  ///< data::kResizeFilter
    std::vector<float> mean;    ///< per channel, of values scaled to [0, 1]
    std::vector<float> std;
};

/// One way to run the model: thresholds, and what to expect of them.
struct ThresholdSet {
    double budget_macs = 0;                 ///< fitted for this average
    policy::OperatingPoint on_calibration;  ///< thresholds and figures; costs in executed MACs
};

/// How the data set was divided that the model learnt from: with the data it says which image was in which part (method 8).
struct DataDivision {
    double test_fraction = 0;           ///< of training, carved where the data set has no test split; [0, 0.5]
    double validation_fraction = 0.1;   ///< of the official training split; [0.001, 0.4]
    double calibration_fraction = 0.1;  ///< likewise
    int train_limit = 0;                ///< most training images used; 0 = all
    std::uint64_t seed = 0;
};

/// A trained early-exit network with everything needed to run it.
struct Model {
    arch::ArchSpec arch;
    arch::NetDesc net;  ///< with weights, batch norm folded
    Preprocessing preprocessing;
    std::vector<std::string> class_names;
    policy::Measure measure = policy::Measure::max_prob;
    policy::Calibration calibration;
    std::vector<ThresholdSet> threshold_sets;  ///< cheapest first
    cost::Costs costs;
    std::optional<Quantization> quantization;  ///< runs in integers; nothing = in float32
    std::optional<DataDivision> division;      ///< nothing = not known
};

/// Writes one .safetensors file: weights as f32 tensors "<layer>.weight" and "<layer>.bias", all else as JSON strings in the
/// metadata (schema_version, arch, net, preprocessing, class_names, measure, calibration, threshold_sets, costs, and
/// data_division if known). With a quantization, weights are i8 beside "<layer>.weight_scale", and it is in the metadata
/// too. Atomic. Throws Error(bad_data) if the model is not sound (see load_model): sizes, finite numbers, budgets in rising
/// order.
void save_model(const std::filesystem::path& path, const Model& model);

/// Reads and checks a model from an untrusted file. Throws Error(bad_data): what, got, allowed, where.
Model load_model(const std::filesystem::path& path);
/// The same of a container in memory; `where` names it in errors.
Model model_from(const core::TensorFile& file, const std::string& where);

/// The most accurate threshold set fitted for an average of at most `max_avg_macs`, or expected to stay below it at its
/// upper 95 % bound; without a limit the most accurate of all. Throws Error(inadmissible) naming the cheapest if none fits.
const ThresholdSet& operating_point(const Model& model, std::optional<double> max_avg_macs);

}  // namespace nachos::model
