#pragma once

#include "cli/train_candidates.h"

namespace nachos::cli {

/// What an evaluation of these weights is stored under.
std::string evaluation_key_of(const Session& session, const std::string& weights_digest, const study::Fidelity& fidelity,
                              const arch::ArchSpec& spec);

/// Evaluates at one fidelity. Answers from the study what it knows, has the rest evaluated, and stores it in the order
/// asked.
class StoredEvaluator {
  public:
    /// All must outlive it.
    StoredEvaluator(const Session& session, study::Study& study, CandidateWorkers& workers, const study::Fidelity& fidelity,
                    const Job& job);

    /// Throws Error(stopped) where the job asks for it.
    std::vector<study::Evaluation> operator()(std::span<const arch::ArchSpec> specs) const;

  private:
    std::string key(const arch::ArchSpec& spec) const;

    const Session& session_;
    study::Study& study_;
    CandidateWorkers& workers_;
    study::Fidelity fidelity_;
    const Job& job_;
};

}  // namespace nachos::cli
