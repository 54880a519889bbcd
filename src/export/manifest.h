#pragma once

#include "model/model_file.h"

#include <filesystem>
#include <string>
#include <vector>

namespace nachos::exporting {

inline constexpr const char* kManifestFile = "manifest.json";
inline constexpr const char* kModelFile = "model.safetensors";      ///< a copy of what was exported, beside the manifest
inline constexpr const char* kTrainedFile = "trained.safetensors";  ///< beside a model in 8 bits: the one it was made of

/// One exported form.
struct Form {
    std::string kind;                ///< as in exporters()
    std::vector<std::string> files;  ///< in the manifest's folder
    std::int64_t weight_bytes = 0;   ///< constants
    std::int64_t arena_bytes = 0;    ///< activations; 0 where the runtime decides
};

/// What an export folder holds.
struct Manifest {
    std::string name;        ///< of files and identifiers
    std::string model_hash;  ///< of kModelFile's bytes
    std::vector<Form> forms;
};

/// manifest.json: the manifest and, for whoever runs the forms, the model's input, classes, operating points with their
/// budgets, thresholds, expected accuracy, average MACs and exit shares. Atomic.
void write_manifest(const std::filesystem::path& folder, const Manifest& manifest, const model::Model& model);

/// Throws Error(bad_data) if there is none, or one of another schema, or a file's name leads out of the folder.
Manifest read_manifest(const std::filesystem::path& folder);

}  // namespace nachos::exporting
