#include "model/metadata.h"

#include "core/error.h"
#include "core/json_reader.h"
#include "policy/policy_json.h"

namespace nachos::model {
namespace {

using core::JsonReader;
using nlohmann::json;
using nlohmann::ordered_json;

ordered_json to_json(const Preprocessing& p) {
    return {{"height", p.height}, {"width", p.width}, {"channels", p.channels}, {"resize_filter", p.resize_filter},
            {"mean", p.mean},     {"std", p.std}};
}

Preprocessing preprocessing_from(const JsonReader& in) {
    const auto floats = [&](const char* key) {
        const std::vector<double> values = in.numbers(key);
        return std::vector<float>(values.begin(), values.end());
    };
    return {.height = in.integer("height"),
            .width = in.integer("width"),
            .channels = in.integer("channels"),
            .resize_filter = in.text("resize_filter"),
            .mean = floats("mean"),
            .std = floats("std")};
}

ordered_json to_json(const DataDivision& d) {
    return {{"test_fraction", d.test_fraction},
            {"validation_fraction", d.validation_fraction},
            {"calibration_fraction", d.calibration_fraction},
            {"train_limit", d.train_limit},
            {"seed", d.seed}};
}

DataDivision division_from(const std::string& text, const std::string& where) {
    const json object = core::parse_json(text, where);
    const JsonReader in(object, where);
    const auto share = [&](const char* key, double least, double most) {
        const double value = in.number(key);
        require(value >= least && value <= most, ErrorKind::bad_data, "{}: {} is {}, allowed is {} to {}", where, key, value,
                least, most);
        return value;
    };
    DataDivision division{.test_fraction = share("test_fraction", 0, 0.5),
                          .validation_fraction = share("validation_fraction", 0.001, 0.4),
                          .calibration_fraction = share("calibration_fraction", 0.001, 0.4),
                          .train_limit = in.integer("train_limit"),
                          .seed = in.whole<std::uint64_t>("seed")};
    require(division.train_limit >= 0, ErrorKind::bad_data, "{}: train_limit is {}, allowed is 0 or more", where,
            division.train_limit);
    return division;
}

ordered_json to_json(const std::vector<ThresholdSet>& sets) {
    ordered_json out = ordered_json::array();
    for (const ThresholdSet& set : sets)
        out.push_back({{"budget_macs", set.budget_macs}, {"on_calibration", policy::to_json(set.on_calibration)}});
    return out;
}

std::vector<ThresholdSet> threshold_sets_from(const std::vector<JsonReader>& items) {
    std::vector<ThresholdSet> sets;
    sets.reserve(items.size());
    for (const JsonReader& set : items)
        sets.push_back({set.number("budget_macs"), policy::point_from(set.object("on_calibration"))});
    return sets;
}

ordered_json to_json(const cost::Costs& c) {
    return {
        {"backbone_macs", c.backbone_macs}, {"head_macs", c.head_macs}, {"executed_macs", c.executed_macs},
        {"paper_macs", c.paper_macs},       {"params", c.params},       {"peak_activation_bytes", c.peak_activation_bytes}};
}

/// The metadata that are JSON of ours, as one object.
json parsed(const core::TensorFile& file, const std::string& where) {
    json all = json::object();
    for (const char* key : {"preprocessing", "class_names", "calibration", "threshold_sets", "costs"})
        all[key] = core::parse_json(file.text(key, where), fmt::format("{}: {}", where, key));
    return all;
}

void check_version(const core::TensorFile& file, const std::string& where) {
    const std::string& version = file.text("schema_version", where);
    require(version == std::to_string(kSchemaVersion), ErrorKind::bad_data,
            "{}: schema version '{}', this program reads version {}; a newer nachos may have written the file", where,
            version, kSchemaVersion);
}

policy::Measure measure_from(const core::TensorFile& file, const std::string& where) {
    try {
        return policy::measure_from(file.text("measure", where));
    } catch (const Error& e) {
        fail(ErrorKind::bad_data, "{}: {}", where, e.what());
    }
}

}  // namespace

std::map<std::string, std::string> to_metadata(const Model& model) {
    std::map<std::string, std::string> all{{"schema_version", std::to_string(kSchemaVersion)},
                                           {"arch", arch::to_json(model.arch)},
                                           {"net", arch::net_to_json(model.net)},
                                           {"preprocessing", core::to_text(to_json(model.preprocessing))},
                                           {"class_names", core::to_text(model.class_names)},
                                           {"measure", policy::to_string(model.measure)},
                                           {"calibration", core::to_text(policy::to_json(model.calibration))},
                                           {"threshold_sets", core::to_text(to_json(model.threshold_sets))},
                                           {"costs", core::to_text(to_json(model.costs))}};
    if (model.quantization) all["quantization"] = quantization_to_json(*model.quantization);
    if (model.division) all["data_division"] = core::to_text(to_json(*model.division));
    return all;
}

Model from_metadata(const core::TensorFile& file, const std::string& where) {
    check_version(file, where);
    const json all = parsed(file, where);
    const JsonReader in(all, where);
    Model model;
    model.arch = arch::spec_from_json(file.text("arch", where), where + ": arch");
    model.net = arch::net_from_json(file.text("net", where), where + ": net");
    model.preprocessing = preprocessing_from(in.object("preprocessing"));
    model.class_names = in.texts("class_names");
    model.measure = measure_from(file, where);
    model.calibration = policy::calibration_from(in.objects("calibration"));
    model.threshold_sets = threshold_sets_from(in.objects("threshold_sets"));
    model.costs = cost::costs_of(model.net);
    const json computed = to_json(model.costs);
    require(all["costs"] == computed, ErrorKind::bad_data, "{}: costs are not those of the network, {}", where,
            computed.dump());
    if (file.metadata.contains("quantization"))
        model.quantization = quantization_from_json(file.text("quantization", where), where + ": quantization");
    if (file.metadata.contains("data_division"))
        model.division = division_from(file.text("data_division", where), where + ": data_division");
    return model;
}

}  // namespace nachos::model
