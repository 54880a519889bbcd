#pragma once

#include "study/store.h"
#include "study/tail.h"

namespace nachos::study {

/// Looks at a study again and again, and reads what has come since: of the tail its new lines, of a new copy the rows that
/// are new or were replaced.
class Follower {
  public:
    explicit Follower(std::filesystem::path folder);

    struct Update {
        /// Where more than the tail may have changed: the study, opened anew, and `evaluations` are all there are, without
        /// being read again where that is not needed. Nothing: `evaluations` are those that came or were replaced.
        std::optional<Study> study;
        std::vector<StoredEvaluation> evaluations;
    };
    /// Throws what Study::open_readonly and Study::evaluations throw; then the next call begins where this one did.
    Update update();

  private:
    Update all(const std::string& copy);

    std::filesystem::path folder_;
    std::string copy_;  ///< stamp of the copy that was read; empty = none was
    TailReader tail_;
    RowDigests known_;
};

}  // namespace nachos::study
