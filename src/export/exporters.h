#pragma once

#include "export/manifest.h"
#include "export/quantize.h"
#include "export/verify.h"

#include <map>
#include <span>
#include <string>
#include <string_view>

namespace nachos::exporting {

/// A form before it is written: texts or bytes by file name.
struct Exported {
    Form form;
    std::map<std::string, std::string> files;
};

/// One kind of form.
struct ExporterRow {
    const char* kind;  ///< as in --to
    const char* summary;
    /// `name` is a C identifier, of which files' names are made. Throws Error(usage) if the form cannot hold the model.
    Exported (*write)(const model::Model& model, const std::string& name);
    /// Throws Error(runtime) saying what this machine lacks to run the form.
    void (*require_runner)();
    /// Runs the files of `folder`, which are what `write` gives.
    Answers (*answer)(const std::filesystem::path& folder, const std::string& name, const model::Model& model,
                      std::span<const std::uint8_t> pixels);
};

/// The table.
std::span<const ExporterRow> exporters();
/// Throws Error(bad_data) naming `where` if there is none of that kind.
const ExporterRow& exporter_of(std::string_view kind, const std::string& where);

/// Writes the model and the form into `folder` beside the forms of the same model that it holds; the manifest last. Throws
/// Error(usage) if the folder holds another model's forms or files of somebody else.
Manifest export_model(const std::filesystem::path& model_file, const std::string& kind, const std::string& name,
                      const std::filesystem::path& folder);

/// A form in 8 bits, and what that cost on the calibration images.
struct Int8Export {
    Manifest manifest;
    std::vector<QuantizationLoss> losses;  ///< per operating point
};

/// Quantizes the model and exports that; the model that it was made of stands beside it as kTrainedFile. Throws as
/// export_model() and quantize() do.
Int8Export export_int8(const std::filesystem::path& model_file, const std::string& kind, const std::string& name,
                       std::span<const std::uint8_t> ranges, const LabelledImages& calibration,
                       const std::filesystem::path& folder);

/// What an export folder holds, read and checked: the model is the one the manifest names, every file is what this program
/// writes from it, so that running it runs nothing of somebody else's. Throws Error(bad_data) or Error(verification).
struct ExportFolder {
    std::filesystem::path folder;
    Manifest manifest;
    model::Model model;
};
ExportFolder open_export(const std::filesystem::path& folder);

struct FormVerdict {
    std::string kind;
    Verdict verdict;
};

/// Runs these forms of the folder as their users would, and holds each against the model; in their order.
std::vector<FormVerdict> verify_forms(const ExportFolder& opened, std::span<const ExporterRow* const> forms,
                                      const LabelledImages& images);

}  // namespace nachos::exporting
