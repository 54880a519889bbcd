#pragma once

#include "core/files.h"

#include <cstdint>
#include <filesystem>
#include <vector>

namespace nachos::policy {

/// What a network said on a split (method 1): recorded in one pass, and every measure, threshold, budget and temperature is
/// answered from it.
struct RecordedTable {
    int samples = 0;
    int exits = 0;  ///< placed exits and the final one
    int classes = 0;
    std::vector<std::int32_t> labels;  ///< (N)
    std::vector<float> logits;         ///< (N, E, K)
    std::vector<float> gates;          ///< (N, E) gate logits; 0 at the final exit

    const float* logits_of(int sample, int exit) const {
        return logits.data() + (static_cast<std::size_t>(sample) * exits + exit) * classes;
    }
    float gate_of(int sample, int exit) const { return gates[static_cast<std::size_t>(sample) * exits + exit]; }
};

enum class TablePrecision { f16, f32 };  ///< f16 in the search, f32 in final measurements

/// Written atomically as safetensors: labels (N) I32, logits (N, E, K), gates (N, E). In f16, values beyond its range become
/// its largest. Throws Error(runtime).
void save_table(const std::filesystem::path& path, const RecordedTable& table, TablePrecision precision,
                core::Sync sync = core::Sync::now);

/// Throws Error(bad_data): shapes that do not fit, labels out of range, values that are not finite.
RecordedTable load_table(const std::filesystem::path& path);

/// The samples named by `rows`, in that order.
RecordedTable select(const RecordedTable& table, const std::vector<int>& rows);

}  // namespace nachos::policy
