#pragma once

#include "study/evaluation.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace nachos::study {

/// A row of the table `evaluations` as it is stored.
template <class Text>
struct BasicRow {
    std::int64_t id = 0;
    Text arch = {};
    Text fidelity = {};
    Text error = {};
    Text costs = {};
    Text curve = {};
    Text table_file = {};
    double seconds = 0;
};
using EvaluationRow = BasicRow<std::string>;
/// One whose texts stand elsewhere: in SQLite's memory until its next step, say.
using RowView = BasicRow<std::string_view>;

EvaluationRow row_of(const Evaluation& evaluation);
EvaluationRow copy_of(const RowView& view);
RowView view_of(const EvaluationRow& row);

/// Reads and checks a row that may be anybody's. Throws Error(bad_data) naming `where`.
Evaluation evaluation_of(EvaluationRow row, const std::string& where, const std::filesystem::path& folder);

/// Throws Error(bad_data) naming `where` unless there are costs of every exit.
void check_exits(const arch::ArchSpec& arch, const ArchCosts& costs, const std::string& where);

/// What rows hold, in short: another digest = the row was replaced.
using RowDigests = std::unordered_map<std::int64_t, std::uint64_t>;

/// An evaluation and the row it stands in.
struct StoredEvaluation {
    std::int64_t row = 0;
    std::uint64_t digest = 0;
    std::optional<Evaluation> evaluation;  ///< nothing = its digest was known, and it was not read again
};

/// Rows on their way to be evaluations. Of rows with the same number the last one added counts.
class RowSet {
  public:
    /// `known`, which must outlive it, has the rows that need not be read again.
    explicit RowSet(const RowDigests& known) : known_(known) {}

    void add(const RowView& row, std::string where);
    /// All, by their rows' numbers. Most of the time goes into reading JSON, so all cores do. Throws what evaluation_of
    /// does.
    std::vector<StoredEvaluation> read(const std::filesystem::path& folder) &&;

  private:
    struct Row {
        std::uint64_t digest = 0;
        std::optional<EvaluationRow> texts;  ///< nothing = known
        std::string where;
    };
    const RowDigests& known_;
    std::map<std::int64_t, Row> rows_ = {};
};

}  // namespace nachos::study
