#include "cli/try_page.h"

#include "core/error.h"
#include "core/json_reader.h"
#include "core/version.h"
#include "export/onnx_writer.h"
#include "report/base64.h"
#include "report/details.h"
#include "report/page.h"
#include "report/results.h"

#include <fmt/ranges.h>

namespace nachos::cli {
namespace {

using Json = nlohmann::ordered_json;

/// The trained network asked for.
study::TrainedModel chosen(const report::Snapshot& snapshot, const std::string& name) {
    std::vector<std::string> known;
    for (const study::TrainedModel& model : snapshot.models)
        if (!model.comparator) known.push_back(model.name);
    require(!known.empty(), ErrorKind::inadmissible,
            "this study has no trained design yet; nachos final trains the best of its search");
    const report::Results results = report::results(snapshot, snapshot.facts.limits);
    const std::string file = results.designs.empty() ? "" : results.designs.back().model_file;
    for (const study::TrainedModel& model : snapshot.models)
        if (name.empty() ? !file.empty() && !model.comparator && model.model_file == file : model.name == name) return model;
    require(!name.empty(), ErrorKind::inadmissible, "no trained design meets the limits; name one with --design: {}",
            fmt::join(known, ", "));
    fail(ErrorKind::usage, "--design: the study has no trained network '{}'; it has {}", name, fmt::join(known, ", "));
}

std::string base64_of(std::string_view bytes) {
    return report::base64({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

Json points_json(const model::Model& model) {
    Json points = Json::array();
    for (const model::ThresholdSet& set : model.threshold_sets) {
        Json thresholds = Json::array();
        for (const auto& t : set.on_calibration.thresholds) thresholds.push_back(t ? Json(*t) : Json());
        points.push_back({{"budget_macs", set.budget_macs},
                          {"thresholds", thresholds},
                          {"accuracy", set.on_calibration.accuracy},
                          {"avg_macs", set.on_calibration.avg_cost},
                          {"exit_share", set.on_calibration.exit_share}});
    }
    return points;
}

Json calibration_json(const model::Model& model) {
    Json fits = Json::array();
    for (int e = 0; e < model.net.exit_count(); ++e) {
        const policy::Calibration::Exit fit = model.calibration.at(e);
        fits.push_back({{"temperature", fit.temperature}, {"gate_slope", fit.gate_slope}, {"gate_offset", fit.gate_offset}});
    }
    return fits;
}

Json samples_json(const std::optional<study::SampleImages>& samples, const model::Preprocessing& input) {
    if (!samples || samples->height != input.height || samples->width != input.width || samples->channels != input.channels)
        return {};
    return {{"height", samples->height}, {"width", samples->width},   {"channels", samples->channels},
            {"rows", samples->rows},     {"labels", samples->labels}, {"pixels", report::base64(samples->pixels)}};
}

/// What the study recorded of its samples.
Json recorded_json(const report::Details& details) {
    if (details.trained.empty() || details.trained.front().samples.samples == 0) return {};
    const policy::ExitView& view = details.trained.front().samples;
    return {{"confidences", view.confidences}, {"predictions", view.predictions}};
}

}  // namespace

std::string try_page(const study::Study& study, const std::string& name) {
    require(report::has_page(), ErrorKind::usage,
            "this nachos was built without the interactive page; install npm and configure the build again");
    const report::Snapshot snapshot = report::read(study);
    const study::TrainedModel record = chosen(snapshot, name);
    const model::Model model = model::load_model(study.path_of(record.model_file));
    const report::Details details = report::details(study, {record});
    Json stages = Json::array();
    for (const std::string& stage : exporting::onnx_stages(model)) stages.push_back(base64_of(stage));
    const model::Preprocessing& input = model.preprocessing;
    return report::try_page(
        core::to_text({{"schema", 1},
                       {"program", {{"version", core::version()}, {"commit", core::commit()}}},
                       {"data", snapshot.facts.data},
                       {"model", record.name},
                       {"input", {{"height", input.height}, {"width", input.width}, {"channels", input.channels}}},
                       {"classes", model.class_names},
                       {"measure", policy::to_string(model.measure)},
                       {"calibration", calibration_json(model)},
                       {"executed_macs", model.costs.executed_macs},
                       {"points", points_json(model)},
                       {"stages", stages},
                       {"samples", samples_json(details.samples, input)},
                       {"recorded", recorded_json(details)}}));
}

}  // namespace nachos::cli
