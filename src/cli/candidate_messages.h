#pragma once

#include "exec/worker_pool.h"
#include "study/fidelity.h"

#include <optional>
#include <string>

namespace nachos::cli {

/// Which images a candidate is scored on.
enum class ScoredOn {
    validation,   ///< as the search does; its table is stored
    calibration,  ///< which the search does not see; nothing is stored
};

/// What a worker is asked. Pool and worker are of one build, so these texts never meet another version.
struct CandidateQuestion {
    arch::ArchSpec arch;
    study::Fidelity fidelity;
    ScoredOn part = ScoredOn::validation;
};

std::string to_text(const CandidateQuestion& question);
CandidateQuestion question_from(const std::string& text);

/// An answer: the evaluation, or that the worker stopped at a checkpoint, or that its machine failed it.
std::string to_text(const study::Evaluation& evaluation);
std::string stopped_text();
std::string failed_text(const std::string& sentence);
/// Nothing if the worker stopped; an evaluation with an error if its workers were lost. Throws Error(runtime) with the
/// sentence of a worker that its machine failed.
std::optional<study::Evaluation> evaluation_from(const exec::Answer& answer, const CandidateQuestion& question);

/// The questions that all ranks share out, and the answers of one rank to its own: every size-th, beginning with its number.
std::string to_text(const std::vector<std::string>& questions);
std::vector<std::string> questions_from(const std::string& text);
std::string to_text(const std::vector<std::optional<exec::Answer>>& answers);
std::vector<std::optional<exec::Answer>> answers_from(const std::string& text);

}  // namespace nachos::cli
