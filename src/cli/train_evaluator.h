#pragma once

#include "cli/train_session.h"
#include "train/evaluate.h"

namespace nachos::cli {

/// Evaluates at one fidelity. Answers from the study what it knows, evaluates the rest, and stores it in the order asked:
/// candidates with inherited weights batch by batch, those that train as many at once as there are workers.
class StoredEvaluator {
  public:
    /// All must outlive it.
    StoredEvaluator(const Session& session, study::Study& study, const nn::WeightBank& bank, const study::Fidelity& fidelity,
                    const Job& job);
    StoredEvaluator(const StoredEvaluator&) = delete;
    StoredEvaluator& operator=(const StoredEvaluator&) = delete;

    /// Throws Error(stopped) where the job asks for it between candidates that train, or between their epochs.
    std::vector<study::Evaluation> operator()(std::span<const arch::ArchSpec> specs) const;

  private:
    bool trains() const { return context_.fidelity.weights != study::Fidelity::Weights::inherit; }
    std::string key(const arch::ArchSpec& spec) const;
    std::string table_file(const arch::ArchSpec& spec) const;
    std::filesystem::path checkpoint(const arch::ArchSpec& spec) const;
    void remove_checkpoints(const arch::ArchSpec& spec) const;
    void train(nn::WeightBank& bank, const arch::ArchSpec& spec, int epochs) const;

    const Session& session_;
    study::Study& study_;
    const Job& job_;
    std::string digest_;
    train::CandidateContext context_;
};

/// Evaluates inherited weights as the search does, but on the calibration part, which it does not see; nothing is stored.
std::vector<study::Evaluation> held_out_evaluations(const Session& session, const nn::WeightBank& bank,
                                                    std::span<const arch::ArchSpec> specs, const Job& job);

}  // namespace nachos::cli
