#pragma once

#include "model/model_file.h"

#include <cstdint>
#include <string>

namespace nachos::exporting {

/// What export --to c writes.
struct CFiles {
    std::string name;              ///< prefix of files and identifiers
    std::string source;            ///< NAME.c
    std::string header;            ///< NAME.h
    std::int64_t flash_bytes = 0;  ///< weights and tables, without code
    std::int64_t arena_bytes = 0;  ///< static RAM for activations
};

/// A model as C99 without dynamic memory (docs/design/deployment.md): same logits as the runtime up to the order of sums,
/// same preprocessing, measure, calibration and all threshold sets. `name` is a C identifier. O(weights).
CFiles c_files(const model::Model& model, const std::string& name);

/// The nearest C identifier in lower case: letters, digits, underscores; "model" if nothing is left.
std::string c_identifier(const std::string& text);

}  // namespace nachos::exporting
