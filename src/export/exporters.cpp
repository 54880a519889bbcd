#include "export/exporters.h"

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "export/answer_file.h"
#include "export/c_runner.h"
#include "export/c_writer.h"
#include "export/onnx_runner.h"
#include "export/onnx_writer.h"

#include <algorithm>
#include <iterator>

namespace nachos::exporting {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 30;

std::int64_t weight_bytes(const model::Model& model) { return 4 * model.costs.params; }

void require_float(const model::Model& model) {
    require(!model.quantization, ErrorKind::usage, "a model in 8 bits is exported as C only; ONNX forms are float32");
}

Exported write_c(const model::Model& model, const std::string& name) {
    CFiles c = c_files(model, name);
    return {.form = {.kind = "c",
                     .files = {name + ".c", name + ".h"},
                     .weight_bytes = c.flash_bytes,
                     .arena_bytes = c.arena_bytes},
            .files = {{name + ".c", std::move(c.source)}, {name + ".h", std::move(c.header)}}};
}

Exported write_onnx_staged(const model::Model& model, const std::string& name) {
    require_float(model);
    Exported exported{.form = {.kind = "onnx-staged", .files = {}, .weight_bytes = weight_bytes(model)}, .files = {}};
    const std::vector<std::string> stages = onnx_stages(model);
    for (std::size_t e = 0; e < stages.size(); ++e) {
        exported.form.files.push_back(onnx_stage_file(name, static_cast<int>(e)));
        exported.files[exported.form.files.back()] = stages[e];
    }
    return exported;
}

Exported write_onnx(const model::Model& model, const std::string& name) {
    require_float(model);
    return {.form = {.kind = "onnx", .files = {onnx_single_file(name)}, .weight_bytes = weight_bytes(model)},
            .files = {{onnx_single_file(name), onnx_single(model)}}};
}

constexpr ExporterRow kExporters[] = {
    {"c", "one .c and one .h file, C99, no dynamic memory", write_c, require_c_compiler, c_answers},
    {"onnx-staged", "one ONNX file a stage, for a host loop that stops", write_onnx_staged, require_onnxruntime,
     onnx_staged_answers},
    {"onnx", "one ONNX file with nested If, batches of one", write_onnx, require_onnxruntime, onnx_single_answers},
};

/// Anything but what a killed export left behind.
bool holds_something(const fs::path& folder) {
    core::remove_leftovers(folder);
    return fs::exists(folder) && !fs::is_empty(folder);
}

/// The manifest that the folder has, or a new one.
Manifest manifest_for(const fs::path& folder, const std::string& name, const std::string& model_hash) {
    if (!holds_something(folder)) return {.name = name, .model_hash = model_hash, .forms = {}};
    require(fs::exists(folder / kManifestFile), ErrorKind::usage,
            "{} is not empty and holds no export; choose another folder", folder.string());
    Manifest manifest = read_manifest(folder);
    require(manifest.model_hash == model_hash && manifest.name == name, ErrorKind::usage,
            "{} holds another model's export ('{}'); choose another folder", folder.string(), manifest.name);
    return manifest;
}

}  // namespace

std::span<const ExporterRow> exporters() { return kExporters; }

const ExporterRow& exporter_of(std::string_view kind, const std::string& where) {
    const auto* row =
        std::find_if(std::begin(kExporters), std::end(kExporters), [&](const auto& r) { return kind == r.kind; });
    require(row != std::end(kExporters), ErrorKind::bad_data, "{}: this program does not know the form '{}'", where, kind);
    return *row;
}

Manifest export_model(const fs::path& model_file, const std::string& kind, const std::string& name, const fs::path& folder) {
    const model::Model model = model::load_model(model_file);
    const std::string bytes = core::read_file(model_file, kMaxBytes);
    Exported exported = exporter_of(kind, "--to").write(model, name);
    Manifest manifest = manifest_for(folder, name, core::hash_hex(bytes));
    std::erase_if(manifest.forms, [&](const Form& form) { return form.kind == kind; });
    manifest.forms.push_back(std::move(exported.form));
    fs::create_directories(folder);
    write_manifest(folder, manifest,
                   model);  // first: a folder that has it can be exported to again, however far this one comes
    core::write_file_atomic(folder / kModelFile, bytes);
    for (const auto& [file, content] : exported.files) core::write_file_atomic(folder / file, content);
    return manifest;
}

Int8Export export_int8(const fs::path& model_file, const std::string& kind, const std::string& name,
                       std::span<const std::uint8_t> ranges, const LabelledImages& calibration, const fs::path& folder) {
    const model::Model trained = model::load_model(model_file);
    const model::Model quantized = quantize(trained, ranges, calibration);
    const ScratchFolder scratch;
    const fs::path quantized_file = scratch / kModelFile;
    model::save_model(quantized_file, quantized);
    Int8Export exported{.manifest = export_model(quantized_file, kind, name, folder),
                        .losses = quantization_loss(quantized, trained, calibration)};
    core::write_file_atomic(folder / kTrainedFile, core::read_file(model_file, kMaxBytes));
    return exported;
}

ExportFolder open_export(const fs::path& folder) {
    ExportFolder opened{.folder = folder, .manifest = read_manifest(folder), .model = {}};
    const fs::path model_file = folder / kModelFile;
    require(core::hash_hex(core::read_file(model_file, kMaxBytes)) == opened.manifest.model_hash, ErrorKind::bad_data,
            "{} is not the model that {} was written for", model_file.string(), (folder / kManifestFile).string());
    opened.model = model::load_model(model_file);
    const std::string where = (folder / kManifestFile).string();
    require(opened.manifest.name == c_identifier(opened.manifest.name), ErrorKind::bad_data,
            "{}: '{}' is no name of an export", where, opened.manifest.name);
    for (const Form& form : opened.manifest.forms) {
        for (const auto& [file, content] : exporter_of(form.kind, where).write(opened.model, opened.manifest.name).files)
            require(core::read_file(folder / file, kMaxBytes) == content, ErrorKind::verification,
                    "{} is not what this version of nachos writes from {}, so it is not run; export it again",
                    (folder / file).string(), kModelFile);
    }
    return opened;
}

std::vector<FormVerdict> verify_forms(const ExportFolder& opened, std::span<const ExporterRow* const> forms,
                                      const LabelledImages& images) {
    const Answers reference = reference_answers(opened.model, images.pixels);
    std::vector<FormVerdict> verdicts;
    for (const ExporterRow* form : forms) {
        const Answers answers = form->answer(opened.folder, opened.manifest.name, opened.model, images.pixels);
        verdicts.push_back({form->kind, hold_against(opened.model, reference, answers, images.labels)});
    }
    return verdicts;
}

}  // namespace nachos::exporting
