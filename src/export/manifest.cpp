#include "export/manifest.h"

#include "core/error.h"
#include "core/files.h"
#include "core/json_reader.h"
#include "core/version.h"

#include <nlohmann/json.hpp>

namespace nachos::exporting {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kSchemaVersion = 1;
constexpr std::uint64_t kMaxBytes = 1 << 24;

Json point_json(const model::ThresholdSet& set) {
    Json thresholds = Json::array();
    for (const auto& t : set.on_calibration.thresholds) thresholds.push_back(t ? Json(*t) : Json());
    return {{"budget_macs", set.budget_macs},
            {"thresholds", thresholds},
            {"accuracy", set.on_calibration.accuracy},
            {"avg_macs", set.on_calibration.avg_cost},
            {"exit_share", set.on_calibration.exit_share}};
}

Json model_json(const model::Model& model) {
    Json points = Json::array(), calibration = Json::array();
    for (const model::ThresholdSet& set : model.threshold_sets) points.push_back(point_json(set));
    for (int e = 0; e < model.net.exit_count(); ++e) {
        const policy::Calibration::Exit fit = model.calibration.at(e);
        calibration.push_back(
            {{"temperature", fit.temperature}, {"gate_slope", fit.gate_slope}, {"gate_offset", fit.gate_offset}});
    }
    const model::Preprocessing& p = model.preprocessing;
    return {{"input",
             {{"height", p.height},
              {"width", p.width},
              {"channels", p.channels},
              {"values", "bytes, (height, width, channels)"},
              {"resize_filter", p.resize_filter}}},
            {"class_names", model.class_names},
            {"measure", policy::to_string(model.measure)},
            {"calibration", calibration},
            {"executed_macs", model.costs.executed_macs},
            {"operating_points", points}};
}

bool plain_name(const std::string& name) {
    return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
           name.find('\0') == std::string::npos;
}

}  // namespace

void write_manifest(const std::filesystem::path& folder, const Manifest& manifest, const model::Model& model) {
    Json forms = Json::array();
    for (const Form& form : manifest.forms)
        forms.push_back({{"kind", form.kind},
                         {"files", form.files},
                         {"weight_bytes", form.weight_bytes},
                         {"arena_bytes", form.arena_bytes}});
    Json all{{"schema_version", kSchemaVersion},
             {"written_by", std::string("nachos ") + core::version()},
             {"name", manifest.name},
             {"model_hash", manifest.model_hash},
             {"forms", forms}};
    all.update(model_json(model));
    core::write_file_atomic(folder / kManifestFile, all.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

Manifest read_manifest(const std::filesystem::path& folder) {
    const std::filesystem::path path = folder / kManifestFile;
    require(std::filesystem::exists(path), ErrorKind::bad_data, "{} holds no {}; nachos export makes such folders",
            folder.string(), kManifestFile);
    const std::string where = path.string();
    const nlohmann::json parsed = core::parse_json(core::read_file(path, kMaxBytes), where);
    const core::JsonReader in(parsed, where);
    const int version = in.integer("schema_version");
    require(version == kSchemaVersion, ErrorKind::bad_data, "{}: schema version is {}, this program knows {}", where,
            version, kSchemaVersion);
    Manifest manifest{.name = in.text("name"), .model_hash = in.text("model_hash"), .forms = {}};
    for (const core::JsonReader& f : in.objects("forms")) {
        Form form{.kind = f.text("kind"),
                  .files = f.texts("files"),
                  .weight_bytes = f.whole<std::int64_t>("weight_bytes"),
                  .arena_bytes = f.whole<std::int64_t>("arena_bytes")};
        for (const std::string& file : form.files)
            require(plain_name(file), ErrorKind::bad_data, "{}: '{}' is no name of a file in this folder", where, file);
        manifest.forms.push_back(std::move(form));
    }
    return manifest;
}

}  // namespace nachos::exporting
