#pragma once

#include "export/verify.h"

#include <filesystem>
#include <string>

namespace nachos::exporting {

/// Compiles NAME.c of `folder` with this machine's C compiler ("cc", or $CC) as strictly as we promise it compiles, and runs
/// it over the images. Throws Error(runtime) with what the compiler or the program said.
Answers c_answers(const std::filesystem::path& folder, const std::string& name, const model::Model& model,
                  std::span<const std::uint8_t> pixels);

/// Throws Error(runtime) if there is no such compiler.
void require_c_compiler();

/// The program around NAME.c that reads images from standard input and writes what c_answers reads; C99.
std::string c_driver(const std::string& name);

}  // namespace nachos::exporting
