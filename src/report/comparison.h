#pragma once

#include "report/results.h"

#include <optional>
#include <string>
#include <vector>

namespace nachos::report {

/// A network beside others that were trained with the same epochs and measured alike (method 8).
struct ComparisonRow {
    std::string name;     ///< a row of search::comparator_rows(), or the design's id
    std::string summary;  ///< in words
    std::string arch_id;
    std::optional<double> calibration_accuracy;
    std::optional<double> test_accuracy;
    double avg_macs = 0;  ///< on the test split where it was measured, else on calibration
    double worst_macs = 0;
    std::int64_t params = 0;
};

/// What early exits save: the best design, which calibration chose, beside its backbone without exits. Figures are those of
/// the test split where it was measured.
struct ExitSaving {
    std::string design;         ///< id
    double avg_macs = 0;        ///< of the design
    double plain_macs = 0;      ///< of the network without exits
    double accuracy = 0;        ///< of the design
    double plain_accuracy = 0;  ///< of the network without exits
};

struct Comparison {
    std::vector<ComparisonRow> rows;   ///< the best design, then its comparators at their best point within the budgets
    std::optional<ExitSaving> saving;  ///< nothing where its backbone was not trained without exits
};

/// Empty rows where no comparator was trained.
Comparison comparison(const Snapshot& snapshot, const Results& results);

std::string comparison_table(const Comparison& comparison);

/// One sentence: what exits save at what loss, or that they save nothing.
std::string saving_text(const ExitSaving& saving);

}  // namespace nachos::report
