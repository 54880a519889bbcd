#pragma once

#include "cli/candidate_messages.h"
#include "cli/train_session.h"

#include <memory>

namespace nachos::cli {

/// Candidates evaluated in processes of their own, so that one that crashes costs one candidate, not the search; in those of
/// all ranks, where there are several.
class CandidateWorkers {
  public:
    /// Of the study's supernet as it is, whose weights are `bank`; processes start with the first question. `study` and
    /// `job` must outlive it.
    CandidateWorkers(const study::Study& study, const nn::WeightBank& bank, const Job& job);

    /// `lost`: its workers ended, so the evaluation, which holds an error, says nothing about the candidate.
    using OnEvaluation = std::function<void(std::size_t i, study::Evaluation evaluation, bool lost)>;
    /// Evaluates all, job.workers at once (on each rank), and calls `on_evaluation` in their order, each as soon as those
    /// before it are known. The evaluations depend on neither. Throws Error(runtime) where a worker cannot store what it
    /// found, Error(stopped) where the job asks for it; evaluations that were ready have then been handed over, trainings
    /// have written a checkpoint.
    void evaluate(std::span<const arch::ArchSpec> specs, const study::Fidelity& fidelity, ScoredOn part,
                  const OnEvaluation& on_evaluation);

    /// What ranks but the first do: evaluate their share of what the first one asks, until its end_followers.
    void follow();

    const std::string& weights_digest() const { return digest_; }

  private:
    void ask(std::span<const std::string> questions, const exec::WorkerPool::OnAnswer& on_answer);
    void ask_ranks(std::span<const std::string> questions, const exec::WorkerPool::OnAnswer& on_answer);
    std::string own_answers(std::span<const std::string> questions);

    const study::Study& study_;
    const Job& job_;
    std::string digest_;
    std::unique_ptr<exec::WorkerPool> pool_;
};

/// Tells the other ranks that the command has come to its end.
void end_followers(exec::Ranks& ranks);

/// Table of a candidate, relative to the study's folder; each fidelity has its own: "tables/ID.safetensors",
/// "tables/ID.finetune-2.safetensors".
std::string table_file(const arch::ArchSpec& spec, const study::Fidelity& fidelity);

/// Where a candidate that trains goes on from: a file of the study, and that of a staged schedule's first stage.
std::vector<std::filesystem::path> candidate_checkpoints(const study::Study& study, const arch::ArchSpec& spec,
                                                         const study::Fidelity& fidelity);

}  // namespace nachos::cli
