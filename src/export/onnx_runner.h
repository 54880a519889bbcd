#pragma once

#include "export/verify.h"

#include <filesystem>
#include <string>

namespace nachos::exporting {

/// Files of the two ONNX forms, `stage` from 0.
std::string onnx_stage_file(const std::string& name, int stage);
std::string onnx_single_file(const std::string& name);

/// Run by ONNX Runtime in Node.js over the images: stage by stage, deciding in the host as the manifest says; or the nested
/// form, once an operating point and once an exit. Throws Error(runtime) if node or its package onnxruntime-node is not
/// found
/// ($NACHOS_ONNXRUNTIME, else the folder of this program: one in which npm installed it), or with what they said.
Answers onnx_staged_answers(const std::filesystem::path& folder, const std::string& name, const model::Model& model,
                            std::span<const std::uint8_t> pixels);
Answers onnx_single_answers(const std::filesystem::path& folder, const std::string& name, const model::Model& model,
                            std::span<const std::uint8_t> pixels);

/// Whether the package is found; the other throws Error(runtime) if not, and says how to get it.
bool onnxruntime_found();
void require_onnxruntime();

}  // namespace nachos::exporting
