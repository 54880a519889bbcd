#pragma once

#include "policy/best_vector.h"
#include "policy/csv_table.h"

#include <optional>
#include <string>

namespace nachos::cli {

/// All that `nachos tune` prints.
struct TuneResult {
    policy::ExitCosts costs;
    int samples = 0;
    policy::Tuning tuning = {};
    int report_samples = 0;
    std::optional<policy::OperatingPoint> report = {};  ///< the best vector on the second table, if one was given
    double solver_ms = 0;                               ///< front and best vector, reading left out
};

/// Throws Error(inadmissible), naming the nearest vector and by how much each limit is broken.
void require_admissible(const policy::BestVector& best);

std::string tune_table(const TuneResult& result);
std::string tune_json(const TuneResult& result);
std::string tune_csv(const TuneResult& result);

}  // namespace nachos::cli
